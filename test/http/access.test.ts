import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { Authenticator, type Prover } from '../../src/access/authenticator.js';
import { type AuthorizeHook, HookProver } from '../../src/access/authorize-hook.js';
import { JwtProver } from '../../src/access/jwt.js';
import { Limits } from '../../src/access/limits.js';
import { grantOf } from '../../src/access/token-grant.js';
import { TokenStore } from '../../src/access/token-store.js';
import { jwtOf } from '../../src/options/jwt.js';
import { issueToken } from '../../src/options/tokens.js';
import {
  bearer,
  exchange,
  generousLimits,
  memoryLogger,
  PLACES,
  type Place,
  raw,
  TOKEN,
} from './ops-fixture.js';

const EXPIRED = issueToken();
const places: Place[] = [];
after(() => Promise.all(places.map((place) => place.close())));

for (const [name, open] of Object.entries(PLACES)) {
  async function openWith(...provers: readonly Prover[]): Promise<number> {
    return await openLimited(generousLimits(), ...provers);
  }
  async function openLimited(limits: Limits, ...provers: readonly Prover[]): Promise<number> {
    const grants = [grantOf(TOKEN), grantOf(EXPIRED, { expiresAtMs: Date.parse('2020-01-01') })];
    const tokens = new TokenStore(grants, memoryLogger());
    const place = await open({ authenticator: new Authenticator(tokens, provers), limits });
    places.push(place);
    return place.port;
  }
  const hooked = (authorize: AuthorizeHook) => openWith(new HookProver(authorize, memoryLogger()));

  describe(`Clients of ${name}`, () => {
    it('with an expired token get the same bytes as with a wrong one', async () => {
      const port = await openWith();
      const wrong = await exchange(port, raw('/ops/leaks', [bearer(issueToken())]));
      const expired = await exchange(port, raw('/ops/leaks', [bearer(EXPIRED)]));
      assert.equal(expired.status, 401);
      assert.equal(expired.head + expired.body, wrong.head + wrong.body);
    });

    it('are admitted by the hook with its scopes, which sees the path below the base', async () => {
      const seen: string[] = [];
      const port = await hooked(async ({ path, header }) => {
        seen.push(path);
        return header('x-user') === 'ann' ? { id: 'ann', scopes: ['read'] } : null;
      });
      const ann = 'X-User: ann';
      assert.equal((await exchange(port, raw('/ops/leaks?x=1', [ann]))).status, 200);
      assert.equal((await exchange(port, raw('/ops/status', [ann]))).status, 200);
      assert.equal((await exchange(port, raw('/ops/nothing', [ann]))).status, 404);
      assert.equal(
        (await exchange(port, raw('/ops/leaks', [ann, 'Origin: http://evil.example']))).status,
        403,
      );
      assert.equal((await exchange(port, raw('/ops/leaks', ['X-User: eve']))).status, 401);
      assert.equal((await exchange(port, raw('/ops/leaks', [ann, ann]))).status, 401);
      assert.deepEqual(seen.slice(0, 3), ['/leaks', '/status', '/nothing']);
    });

    it('to whom the hook gives no client get the same bytes as without a token', async () => {
      const expected = await exchange(await openWith(), raw('/ops/leaks'));
      for (const authorize of [
        () => undefined as never,
        () => ({ id: 'eve', scopes: ['root'] }) as never,
      ] satisfies AuthorizeHook[]) {
        const answer = await exchange(await hooked(authorize), raw('/ops/leaks'));
        assert.equal(answer.head + answer.body, expected.head + expected.body);
      }
    });

    it('whom the hook cannot judge get 503, with the same bytes whatever its error and their path', async () => {
      const answers = [];
      for (const authorize of [
        () => {
          throw new Error('secret');
        },
        () => Promise.reject(new Error('another secret')),
      ] satisfies AuthorizeHook[]) {
        const port = await hooked(authorize);
        for (const path of ['/ops/leaks', '/ops/nothing']) answers.push(await exchange(port, raw(path)));
      }
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([503]));
      assert.equal(new Set(answers.map(({ head, body }) => head + body)).size, 1);
      assert.doesNotMatch(answers[0]?.body ?? '', /secret/);
    });

    it('get 429 while too many wait for the hook, except with a token', async () => {
      let release = (): void => {};
      const released = new Promise<null>((resolve) => {
        release = () => resolve(null);
      });
      let waiting = 0;
      let allWait = (): void => {};
      const full = new Promise<void>((resolve) => {
        allWait = resolve;
      });
      const port = await hooked(() => {
        waiting += 1;
        if (waiting === 56) allWait();
        return released;
      });
      const pending = Array.from({ length: 56 }, () => exchange(port, raw('/ops/leaks')));
      await full;
      const refused = await exchange(port, raw('/ops/leaks'));
      assert.equal(refused.status, 429);
      assert.equal(refused.headers.get('retry-after'), '1');
      assert.equal(JSON.parse(refused.body).code, 'LEAKWATCH_ERR_TOO_MANY_REQUESTS');
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
      release();
      assert.deepEqual(new Set((await Promise.all(pending)).map(({ status }) => status)), new Set([401]));
    });

    it('who failed too often still reach the hook, and a token works there meanwhile', async () => {
      let calls = 0;
      const hook = new HookProver(() => {
        calls += 1;
        return null;
      }, memoryLogger());
      const port = await openLimited(new Limits(3), hook);
      const statuses: number[] = [];
      for (let at = 0; at < 6; at++)
        statuses.push((await exchange(port, raw('/ops/leaks', [bearer('wrong')]))).status);
      assert.deepEqual(statuses, [401, 401, 401, 429, 429, 429]);
      assert.equal(calls, 6);
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
    });

    it('are admitted by a JSON Web Token', async () => {
      const { publicKey, privateKey } = await generateKeyPair('ES256');
      const keys = [(await exportJWK(publicKey)) as JWK & { kty: string }];
      const [issuer, audience] = ['https://issuer.example', 'ops'];
      const prover = new JwtProver(jwtOf({ issuer, audience, jwks: { keys } })!, memoryLogger());
      await prover.load();
      const port = await openWith(prover);
      const token = await new SignJWT({ scope: 'read' })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject('ann')
        .setExpirationTime('1m')
        .sign(privateKey);
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer(token)]))).status, 200);
      assert.equal(
        (await exchange(port, raw('/ops/leaks', [bearer(`${token.slice(0, -8)}AAAAAAAA`)]))).status,
        401,
      );
      assert.equal((await exchange(port, raw('/ops/leaks', [bearer()]))).status, 200);
    });

    it('that are pages are admitted from the same origin only', async () => {
      const port = await openWith();
      const own = `localhost:${port}`;
      const status = async (...headers: readonly string[]) =>
        (await exchange(port, raw('/ops/leaks', [bearer(), ...headers], 'GET', own))).status;
      assert.equal(await status(`Origin: http://${own}`), 200);
      assert.equal(await status(`Origin: http://${own}`, 'Sec-Fetch-Site: same-origin'), 200);
      for (const origin of ['null', `https://${own}`, 'http://localhost', `http://127.0.0.1:${port}`])
        assert.equal(await status(`Origin: ${origin}`), 403, origin);
      assert.equal(await status(`Origin: http://${own}`, `Origin: http://${own}`), 403);
      assert.equal(await status(`Origin: https://${own}`, 'X-Forwarded-Proto: https'), 403);
      const answer = await exchange(port, raw('/ops/leaks', [`Origin: http://${own}`], 'GET', own));
      assert.equal(answer.status, 401, 'an origin is no credential');
      assert.doesNotMatch(answer.head, /access-control/i);
    });
  });
}
