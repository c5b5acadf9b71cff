import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { Authenticator } from '../../src/access/authenticator.js';
import {
  type AuthorizationRequest,
  type AuthorizeHook,
  HookProver,
} from '../../src/access/authorize-hook.js';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { issueToken } from '../../src/options/tokens.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';
import { requestWith } from './access-fixture.js';

const TOKEN = issueToken();

function guarded(authorize: unknown) {
  const clock = new ManualClock();
  const logger = createRecordingLogger();
  const hook = new HookProver(authorize as AuthorizeHook, logger, clock);
  const tokens = new TokenStore([grantOf(TOKEN)], logger, clock);
  const authenticator = new Authenticator(tokens, [hook], null, clock);
  const proofOf = async (request: IncomingMessage, isPenalised = false) =>
    authenticator.principalOf(request) ?? (await authenticator.prove(request, isPenalised));
  return { proofOf, clock, messages: () => logger.lines.map(({ message }) => message) };
}

describe('The host’s hook', () => {
  it('names a client and its scopes, at once or later', async () => {
    for (const authorize of [
      () => ({ id: 'ann', scopes: ['read', 'act'] }),
      async () => ({ id: 'ann', scopes: ['read', 'act'] }),
    ]) {
      const { proofOf, messages } = guarded(authorize);
      assert.deepEqual(await proofOf(requestWith()), {
        id: 'hook:ann',
        provedBy: 'hook',
        scopes: new Set(['read', 'act']),
      });
      assert.deepEqual(messages(), []);
    }
  });

  it('sees method, path, address and single headers, and can change nothing', async () => {
    let seen: AuthorizationRequest | null = null;
    const { proofOf } = guarded((request: AuthorizationRequest) => {
      seen = request;
      return null;
    });
    const rawHeaders = ['X-User', 'ann', 'X-Twice', 'one', 'x-twice', 'two'];
    await proofOf(requestWith({ url: '/leaks/lw-1?token=secret', rawHeaders }));
    const request = seen as unknown as AuthorizationRequest;
    assert.deepEqual(
      [request.method, request.path, request.client, request.certificateSubject],
      ['GET', '/leaks/lw-1', '127.0.0.1', null],
    );
    assert.deepEqual(
      ['x-user', 'X-USER', 'x-twice', 'missing', '__proto__'].map((name) => request.header(name)),
      ['ann', 'ann', null, null, null],
    );
    assert.ok(Object.isFrozen(request));
    assert.deepEqual(Object.keys(request).sort(), [
      'certificateSubject',
      'client',
      'header',
      'method',
      'path',
    ]);
  });

  it('is not asked about a valid token, nor about two Authorization headers', async () => {
    let calls = 0;
    const { proofOf } = guarded(() => {
      calls += 1;
      return null;
    });
    assert.notEqual(await proofOf(requestWith({ token: TOKEN })), null);
    const twice = ['Authorization', `Bearer ${TOKEN}`, 'Authorization', `Bearer ${TOKEN}`];
    assert.equal(await proofOf(requestWith({ rawHeaders: twice })), null);
    assert.equal(calls, 0);
    assert.equal(await proofOf(requestWith({ token: 'wrong' })), null);
    assert.equal(calls, 1);
  });

  it('refuses a client by null, without a warning', async () => {
    const { proofOf, messages } = guarded(async () => null);
    assert.equal(await proofOf(requestWith()), null);
    assert.deepEqual(messages(), []);
  });

  for (const [what, authorize] of Object.entries<() => unknown>({
    throws: () => {
      throw new Error('password hunter2');
    },
    rejects: () => Promise.reject(new Error('password hunter2')),
    'rejects with nothing': () => Promise.reject(undefined),
    'returns an object whose getter throws': () => ({
      get id() {
        throw new Error('getter');
      },
    }),
    'returns a thenable that throws': () => ({
      // biome-ignore lint/suspicious/noThenProperty: what a hook may return
      get then() {
        throw new Error('then');
      },
    }),
  })) {
    it(`cannot be asked if it ${what}: the client is refused, which is not its failure, and that is logged`, async () => {
      const { proofOf, messages } = guarded(authorize);
      assert.equal(await proofOf(requestWith()), 'hook-failed');
      assert.equal(messages().length, 1);
      assert.match(messages()[0]!, /^a client was refused, because authorize\(\) failed: it /);
      assert.doesNotMatch(messages()[0]!, /hunter2/);
    });
  }

  for (const [what, authorize] of Object.entries<() => unknown>({
    'returns undefined': () => undefined,
    'returns true': () => true,
    'returns a string': () => 'ann',
    'returns no id': () => ({ scopes: ['read'] }),
    'returns an empty id': () => ({ id: '', scopes: ['read'] }),
    'returns an id of 101 characters': () => ({ id: 'a'.repeat(101), scopes: ['read'] }),
    'returns an id that is a number': () => ({ id: 7, scopes: ['read'] }),
    'returns no scopes': () => ({ id: 'ann' }),
    'returns scopes as text': () => ({ id: 'ann', scopes: 'read' }),
    'returns an unknown scope': () => ({ id: 'ann', scopes: ['read', 'root'] }),
    'returns a promise of undefined': async () => undefined,
  })) {
    it(`refuses the client and is logged if it ${what}`, async () => {
      const { proofOf, messages } = guarded(authorize);
      assert.equal(await proofOf(requestWith()), null);
      assert.equal(messages().length, 1);
      assert.match(messages()[0]!, /^a client was refused, because authorize\(\) failed: it /);
    });
  }

  it('is logged once a minute when it keeps failing', async () => {
    const { proofOf, clock, messages } = guarded(() => undefined);
    for (let at = 0; at < 10; at++) await proofOf(requestWith());
    assert.equal(messages().length, 1);
    clock.advance(60_000);
    await proofOf(requestWith());
    assert.equal(messages().length, 2);
  });

  it('refuses the client after 2 s without an answer', async () => {
    const { proofOf, clock, messages } = guarded(() => new Promise(() => {}));
    const proof = proofOf(requestWith());
    clock.advance(2_000);
    assert.equal(await proof, 'hook-late');
    assert.match(messages()[0]!, /it took more than 2 s$/);
  });

  it('runs 56 times at most at the same time, also if it never ends: further clients are asked to come back', async () => {
    const ends: (() => void)[] = [];
    const { proofOf, clock } = guarded(() => new Promise((resolve) => ends.push(() => resolve(null))));
    const proofs = Array.from({ length: 56 }, () => proofOf(requestWith()));
    assert.equal(await proofOf(requestWith()), 'busy');
    assert.notEqual(await proofOf(requestWith({ token: TOKEN })), null, 'a token needs no hook');
    clock.advance(2_000);
    assert.deepEqual(new Set(await Promise.all(proofs)), new Set(['hook-late']));
    for (let count = 0; count < 1_000; count++) assert.equal(await proofOf(requestWith()), 'busy');
    assert.equal(ends.length, 56);
    ends[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    const next = proofOf(requestWith());
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ends.length, 57);
    ends.at(-1)!();
    assert.equal(await next, null);
  });

  it('runs 8 times at most for penalised addresses, which take no place of others', async () => {
    const ends: (() => void)[] = [];
    const { proofOf } = guarded(() => new Promise((resolve) => ends.push(() => resolve(null))));
    const penalised = Array.from({ length: 8 }, () => proofOf(requestWith(), true));
    assert.equal(await proofOf(requestWith(), true), 'busy');
    const others = Array.from({ length: 56 }, () => proofOf(requestWith()));
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(ends.length, 64);
    for (const end of ends) end();
    assert.deepEqual(new Set(await Promise.all([...penalised, ...others])), new Set([null]));
  });

  it('treats a header that it knew in the last 5 minutes as if its address were not penalised', async () => {
    const ends: (() => void)[] = [];
    let isSlow = false;
    let known = 'ann';
    const { proofOf, clock } = guarded(({ header }: AuthorizationRequest) => {
      if (isSlow) return new Promise((resolve) => ends.push(() => resolve(null)));
      return header('authorization') === `Bearer ${known}` ? { id: known, scopes: ['read'] } : null;
    });
    const ann = () => proofOf(requestWith({ token: 'ann' }), true);
    assert.notEqual(await ann(), null);
    isSlow = true;
    const flood = Array.from({ length: 8 }, () => proofOf(requestWith({ token: 'wrong' }), true));
    assert.equal(await proofOf(requestWith({ token: 'bob' }), true), 'busy');
    isSlow = false;
    assert.notEqual(await ann(), 'busy');
    clock.advance(5 * 60_000);
    assert.equal(await ann(), 'busy', 'it is forgotten');
    for (const end of ends) end();
    await Promise.all(flood);
    // Still asked each time: what the hook withdraws is refused at once.
    assert.notEqual(await ann(), null);
    known = 'nobody';
    assert.equal(await ann(), null);
  });

  it('opens the endpoint by itself, without any token', () => {
    const hook = new HookProver(() => null, createRecordingLogger());
    assert.equal(new Authenticator(new TokenStore([], createRecordingLogger()), [hook]).closed, false);
  });
});
