import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preferredType } from '../../src/http/representation.js';

test('the media type with the highest weight is chosen', () => {
  const cases: [string | undefined, string | null][] = [
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/json', 'application/json'],
    ['TEXT/PLAIN', 'text/plain'],
    ['text/*', 'text/plain'],
    ['text/plain, */*', 'text/plain'],
    ['text/plain;q=0.5, application/json', 'application/json'],
    ['text/plain;q=0.5, */*;q=0.1', 'text/plain'],
    ['application/json;q=0, */*', 'text/plain'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['text/plain; charset=utf-8', 'text/plain'],
    ['text/plain, application/json', 'text/plain'],
    ['application/json; version=2', 'application/json'],
    ['text/html', null],
    ['*/*;q=0', null],
    ['application/json;q=bogus', null],
    [',;=,', null],
  ];
  for (const [header, expected] of cases) assert.equal(preferredType(header), expected, header);
});
