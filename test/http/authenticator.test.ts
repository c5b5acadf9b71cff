import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthenticator } from '../../src/http/authenticator.js';
import { DUMP_TOKEN, TOKEN } from './ops-fixture.js';

const authenticator = createAuthenticator([TOKEN, { token: DUMP_TOKEN, scopes: ['dump'] }]);

function outcome(...values: string[]): string {
  return authenticator.authenticate({ rawHeaders: values.flatMap((value) => ['AuthoriZation', value]) })
    .outcome;
}

test('a configured token is granted its scopes, and read and metrics by default', () => {
  const scopes = (token: string) => {
    const result = authenticator.authenticate({ rawHeaders: ['authorization', `Bearer ${token}`] });
    return result.outcome === 'granted' ? [...result.principal.scopes] : null;
  };
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

test('two headers are malformed even if both are right', () => {
  assert.equal(outcome(`Bearer ${TOKEN}`, `Bearer ${TOKEN}`), 'malformed');
  assert.equal(outcome(), 'refused');
});

test('no token is kept, only what cannot be turned back into one', () => {
  const kept = JSON.stringify(
    authenticator.authenticate({ rawHeaders: ['authorization', `Bearer ${TOKEN}`] }),
  );
  assert.ok(!kept.includes(TOKEN.slice(0, 8)));
});

test('without tokens it is closed and grants nothing', () => {
  const closed = createAuthenticator([]);
  assert.equal(closed.closed, true);
  assert.equal(closed.authenticate({ rawHeaders: ['authorization', 'Bearer '] }).outcome, 'refused');
  assert.equal(authenticator.closed, false);
});
