import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCOPES } from '../../src/access/scope.js';
import { ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { problem } from '../../src/http/problem.js';
import { ROUTE_NAMES, routeOf } from '../../src/http/routes.js';
import { documentText } from './document-text.js';

test('docs/errors.md explains every error code, with its status and title, and no other', () => {
  const documented = [...documentText('errors.md').matchAll(/^## (\w+)\n\n(\d+)\. (.+)\n\n(.+)/gm)];
  assert.deepEqual(
    Object.fromEntries(
      documented.map(([, code, status, title]) => [code, { status: Number(status), title }]),
    ),
    ERROR_CODES,
  );
  assert.equal(documentText('errors.md').match(/^## /gm)?.length, Object.keys(ERROR_CODES).length);
});

test('the type of a problem is the name that docs/errors.md derives from its code, and no address', () => {
  const [, prefix, example] = /`(urn:leakwatch:error:)([a-z-]+)`/.exec(documentText('errors.md'))!;
  assert.ok(ERROR_CODES[codeOf(example!)] !== undefined, example);
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { type, ...rest } = JSON.parse(String(problem(code, 'detail').body)) as { readonly type: string };
    assert.ok(type.startsWith(prefix!), type);
    assert.equal(codeOf(type.slice(prefix!.length)), code);
    assert.deepEqual(rest, { ...pick(code), code, detail: 'detail' });
  }
});

function codeOf(name: string): ErrorCode {
  return `LEAKWATCH_ERR_${name.toUpperCase().replaceAll('-', '_')}` as ErrorCode;
}

function pick(code: ErrorCode): { title: string; status: number } {
  const { title, status } = ERROR_CODES[code];
  return { title, status };
}

test('docs/http-api.md lists the routes that exist, with their scopes', () => {
  const rows = [...documentText('http-api.md').matchAll(/^\| `\/ops(\/\S*)` \| ([A-Z, ]+) \| `(\w+)` \|/gm)];
  assert.deepEqual(
    rows.map(([, path, methods, scope]) => ({ path, methods, scope })),
    ROUTE_NAMES.map(routeOf).map(({ path, method, scope }) => ({
      path,
      methods: method === 'GET' ? 'GET, HEAD' : method,
      scope,
    })),
  );
});

test('docs/http-api.md names every scope', () => {
  for (const scope of SCOPES) assert.ok(documentText('http-api.md').includes(`\`${scope}\``), scope);
});
