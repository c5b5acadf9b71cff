import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '../../src/access/principal.js';
import { grantOf } from '../../src/access/token-grant.js';
import { authenticatorOf, DUMP_TOKEN, TOKEN } from '../http/ops-fixture.js';
import { requestWith } from './access-fixture.js';

const authenticator = authenticatorOf([grantOf(TOKEN), grantOf(DUMP_TOKEN, { scopes: ['dump'] })]);

function outcome(...values: string[]): string {
  const rawHeaders = values.flatMap((value) => ['AuthoriZation', value]);
  const proof = authenticator.principalOf(requestWith({ rawHeaders }));
  return proof === null ? 'refused' : 'granted';
}

test('a configured token is granted its scopes, and read and metrics by default', () => {
  const scopes = (token: string) => [
    ...(authenticator.principalOf(requestWith({ token })) as Principal).scopes,
  ];
  assert.deepEqual(scopes(TOKEN), ['read', 'metrics']);
  assert.deepEqual(scopes(DUMP_TOKEN), ['dump']);
});

test('the scheme is read in any case, and only Bearer is one', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR'])
    assert.equal(outcome(`${scheme} ${TOKEN}`), 'granted');
  assert.equal(outcome(`Bearer    ${TOKEN}`), 'granted');
  for (const scheme of ['Basic', 'Digest', 'Bearer2', 'xBearer', ''])
    assert.equal(outcome(`${scheme} ${TOKEN}`), 'refused');
  for (const header of [TOKEN, 'Bearer', 'Bearer ', `Bearer${TOKEN}`, `Bearer\t${TOKEN}`, ''])
    assert.equal(outcome(header), 'refused');
});

test('a token that differs in one bit, is cut off or goes on is refused', () => {
  for (let index = 0; index < TOKEN.length; index++) {
    for (const bit of [1, 2, 4, 8, 16, 32, 64]) {
      const flipped = String.fromCharCode(TOKEN.charCodeAt(index) ^ bit);
      assert.equal(outcome(`Bearer ${TOKEN.slice(0, index)}${flipped}${TOKEN.slice(index + 1)}`), 'refused');
    }
    assert.equal(outcome(`Bearer ${TOKEN.slice(0, index)}`), 'refused');
    assert.equal(outcome(`Bearer ${TOKEN.slice(index + 1)}`), 'refused');
  }
  for (const longer of [`${TOKEN}x`, `${TOKEN},${TOKEN}`, `${TOKEN} ${TOKEN}`, `"${TOKEN}"`, `${TOKEN}\0`]) {
    assert.equal(outcome(`Bearer ${longer}`), 'refused');
  }
});

test('tokens beyond ASCII or of 64 KiB are refused', () => {
  assert.equal(outcome(`Bearer ${TOKEN}é`), 'refused');
  assert.equal(outcome('Bearer пароль'), 'refused');
  assert.equal(outcome(`Bearer ${'a'.repeat(64 * 1024)}`), 'refused');
  assert.equal(outcome(`Bearer ${' '.repeat(64 * 1024)}${TOKEN}`), 'refused');
});

test('two headers are refused even if both are right', () => {
  assert.equal(outcome(`Bearer ${TOKEN}`, `Bearer ${TOKEN}`), 'refused');
  assert.equal(outcome(), 'refused');
});

test('without tokens it is closed and grants nothing', () => {
  const closed = authenticatorOf([]);
  assert.equal(closed.closed, true);
  assert.equal(closed.principalOf(requestWith({ token: TOKEN })), null);
  assert.equal(authenticator.closed, false);
});
