import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { issueToken } from '../../src/options/tokens.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';

const DAY_MS = 24 * 3_600_000;
const [ONE, OTHER] = [issueToken(), issueToken()];

function storeOf(expiresInMs: number | null) {
  const clock = new ManualClock();
  const logger = createRecordingLogger();
  const expiresAtMs = expiresInMs === null ? null : clock.now() + expiresInMs;
  const store = new TokenStore([grantOf(ONE, { id: 'ci', scopes: ['dump'], expiresAtMs })], logger, clock);
  const messages = () => logger.lines.map(({ level, message }) => `${level}: ${message}`);
  return { store, clock, logger, messages };
}

describe('A token with an expiry', () => {
  it('is valid until that moment and refused from then on', () => {
    const { store, clock } = storeOf(30 * DAY_MS);
    clock.advance(30 * DAY_MS - 1);
    assert.deepEqual(store.principalOf(ONE), { id: 'ci', provedBy: 'token', scopes: new Set(['dump']) });
    clock.advance(1);
    assert.equal(store.principalOf(ONE), null);
  });

  it('is named in the log once when a week is left, and once when it has expired', () => {
    const { store, clock, messages } = storeOf(8 * DAY_MS);
    store.logExpiries();
    assert.deepEqual(messages(), []);
    clock.advance(DAY_MS);
    for (let look = 0; look < 3; look++) store.logExpiries();
    assert.equal(messages().length, 1);
    assert.match(messages()[0]!, /^warn: the token 'ci' expires at 2026-01-09T00:00:00.000Z/);
    clock.advance(7 * DAY_MS);
    for (let use = 0; use < 3; use++) store.principalOf(ONE);
    store.logExpiries();
    assert.equal(messages().length, 2);
    assert.match(messages()[1]!, /^warn: the token 'ci' expired at 2026-01-09T00:00:00.000Z and is refused/);
  });

  it('is shown in the status by name, scopes and expiry, never by its digest', () => {
    const { store, clock } = storeOf(8 * DAY_MS);
    const states = [0, DAY_MS, 7 * DAY_MS].map((ms) => {
      clock.advance(ms);
      return store.status()[0]!.state;
    });
    assert.deepEqual(states, ['valid', 'expires-soon', 'expired']);
    assert.deepEqual(store.status(), [
      { id: 'ci', scopes: ['dump'], expires: '2026-01-09T00:00:00.000Z', state: 'expired' },
    ]);
  });

  it('is renewed by a line with a later expiry', () => {
    const { store, clock, messages } = storeOf(DAY_MS);
    clock.advance(2 * DAY_MS);
    assert.equal(store.principalOf(ONE), null);
    store.replace([grantOf(ONE, { id: 'ci', expiresAtMs: clock.now() + 90 * DAY_MS })]);
    assert.notEqual(store.principalOf(ONE), null);
    clock.advance(85 * DAY_MS);
    store.logExpiries();
    assert.equal(messages().length, 2, 'its next end is announced too');
  });
});

it('A token without an expiry is valid for good', () => {
  const { store, clock, messages } = storeOf(null);
  clock.advance(10_000 * DAY_MS);
  assert.notEqual(store.principalOf(ONE), null);
  store.logExpiries();
  assert.deepEqual(messages(), []);
  assert.equal(store.status()[0]!.expires, null);
});

it('A token that is replaced stops working at once', () => {
  const { store } = storeOf(null);
  store.replace([grantOf(OTHER)]);
  assert.equal(store.principalOf(ONE), null);
  assert.notEqual(store.principalOf(OTHER), null);
  assert.equal(store.size, 1);
});

it('A store holds neither a token nor a text made from one', () => {
  const { store } = storeOf(null);
  const grant = grantOf(ONE);
  assert.ok(!JSON.stringify(grant).includes(ONE.slice(4, 20)));
  assert.match(grant.id, /^token-[0-9a-f]{8}$/);
  assert.ok(!JSON.stringify(store.status()).includes(grant.digest.toString('hex').slice(8)));
});
