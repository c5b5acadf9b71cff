import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it, mock } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { JwtProver } from '../../src/access/jwt.js';
import { createKeyFetch } from '../../src/access/key-fetch.js';
import type { Principal, Proof } from '../../src/access/principal.js';
import { LeakwatchError } from '../../src/errors.js';
import { jwtOf } from '../../src/options/jwt.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';
import { requestWith } from './access-fixture.js';

const ISSUER = 'https://issuer.example';
const AUDIENCE = 'ops';
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-jwt-'));
after(() => rmSync(folder, { recursive: true }));

const pair = await generateKeyPair('RS256', { extractable: true });
const other = await generateKeyPair('RS256', { extractable: true });
const elliptic = await generateKeyPair('ES256', { extractable: true });
const publicKey: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'one' };
const KEYS = {
  keys: [
    publicKey as { kty: string },
    { ...(await exportJWK(elliptic.publicKey)), kid: 'two' } as { kty: string },
  ],
};
const clock = new ManualClock();
const nowSeconds = clock.now() / 1000;

async function proverOf(changes: object = {}): Promise<JwtProver> {
  const settings = jwtOf({ issuer: ISSUER, audience: AUDIENCE, jwks: KEYS, ...changes })!;
  const prover = new JwtProver(settings, createRecordingLogger(), clock);
  await prover.load();
  return prover;
}

function claims(changes: JWTPayload = {}): JWTPayload {
  return {
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'ann',
    scope: 'read act openid',
    exp: nowSeconds + 60,
    ...changes,
  };
}

function signed(payload: JWTPayload, key = pair.privateKey, header: object = {}): Promise<string> {
  return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one', ...header }).sign(key);
}

async function proved(token: string, prover?: JwtProver, isPenalised = false): Promise<Proof> {
  return await (prover ?? (await proverOf())).prove(requestWith({ token }), isPenalised);
}

describe('A JSON Web Token', () => {
  it('of the issuer for this audience names its subject, with the scopes that exist', async () => {
    assert.deepEqual(await proved(await signed(claims())), {
      id: 'jwt:ann',
      provedBy: 'jwt',
      scopes: new Set(['read', 'act']),
    });
    const several = claims({ aud: ['other', AUDIENCE] });
    const token = await signed(several, elliptic.privateKey, { alg: 'ES256', kid: 'two' });
    assert.equal(((await proved(token)) as Principal).id, 'jwt:ann');
  });

  it('may have its scopes in another claim, as a list', async () => {
    const prover = await proverOf({ scopesClaim: 'permissions' });
    const token = await signed(claims({ permissions: ['dump', 7, 'root', null], scope: 'act' }));
    assert.deepEqual([...((await proved(token, prover)) as Principal).scopes], ['dump']);
    const without = (await proved(await signed(claims({ scope: 'act' })), prover)) as Principal;
    assert.deepEqual([...without.scopes], []);
  });

  it('is refused if a claim is missing or wrong', async () => {
    const { exp: _, ...endless } = claims();
    const { sub: __, ...nobody } = claims();
    for (const payload of [
      endless,
      nobody,
      claims({ sub: '' }),
      claims({ iss: 'https://evil.example' }),
      claims({ iss: `${ISSUER}/` }),
      claims({ aud: 'other' }),
      claims({ aud: [] }),
      claims({ exp: nowSeconds - 6 }),
      claims({ nbf: nowSeconds + 6 }),
    ]) {
      assert.equal(await proved(await signed(payload)), null, JSON.stringify(payload));
    }
  });

  it('may be 5 s late, since clocks differ', async () => {
    assert.notEqual(await proved(await signed(claims({ exp: nowSeconds - 4 }))), null);
    assert.notEqual(await proved(await signed(claims({ nbf: nowSeconds + 4 }))), null);
  });

  it('is refused without a signature, or with one that anybody can make', async () => {
    const header = (alg: string) => Buffer.from(JSON.stringify({ alg, kid: 'one' })).toString('base64url');
    const body = Buffer.from(JSON.stringify(claims())).toString('base64url');
    const right = await signed(claims());
    const [head, payload, signature] = right.split('.') as [string, string, string];
    const pem = await exportSPKI(pair.publicKey);
    const withHmac = (secret: string) => {
      const input = `${header('HS256')}.${body}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    };
    const flipped = Buffer.from(signature, 'base64url');
    flipped[9]! ^= 1;
    for (const token of [
      new UnsecuredJWT(claims()).encode(),
      `${header('none')}.${body}.AA`,
      `${header('None')}.${body}.AA`,
      withHmac(pem),
      withHmac(JSON.stringify(publicKey)),
      withHmac(publicKey.n ?? ''),
      withHmac(''),
      `${head}.${payload}.${flipped.toString('base64url')}`,
      `${head}.${Buffer.from(JSON.stringify(claims({ sub: 'root' }))).toString('base64url')}.${signature}`,
      `${head}.${payload}.`,
      `${head}.${payload}`,
      `${right}.x`,
      await signed(claims(), other.privateKey),
      await signed(claims(), pair.privateKey, { kid: 'unknown' }),
      await signed(claims(), pair.privateKey, { crit: ['b64'], b64: true, kid: 'two' }),
    ]) {
      assert.equal(await proved(token), null, token);
    }
    assert.notEqual(await proved(right), null);
  });

  it('has a bounded name that is safe to print, and no two subjects share one', async () => {
    const ids = new Set<string>();
    const subjects = ['a\r\nb', 'a\u001b[31mb', 'a\u202eb', 'ä', 'x'.repeat(4000), `${'x'.repeat(3999)}y`];
    for (const sub of subjects) {
      const { id } = (await proved(await signed(claims({ sub })))) as Principal;
      assert.match(id, /^jwt:[\x20-\x7e]{1,117}$/);
      ids.add(id);
    }
    assert.equal(ids.size, subjects.length);
  });

  it('is refused before jose is loaded', async () => {
    const settings = jwtOf({ issuer: ISSUER, audience: AUDIENCE, jwks: KEYS })!;
    assert.equal(
      await proved(await signed(claims()), new JwtProver(settings, createRecordingLogger(), clock)),
      null,
    );
  });

  it('is recognised by its three parts: nothing else is looked at', async () => {
    const prover = await proverOf();
    for (const token of ['lwt_abc', 'a.b', 'a.b.c.d', 'a.b.c=', '..'])
      assert.equal(await prover.prove(requestWith({ token }), false), null, token);
    assert.equal(await prover.prove(requestWith(), false), null);
  });
});

it('A package that is not installed is a start error that says how to install it', async () => {
  const settings = jwtOf({ issuer: ISSUER, audience: AUDIENCE, jwks: KEYS })!;
  const missing = () => Promise.reject(Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' }));
  await assert.rejects(
    new JwtProver(settings, createRecordingLogger()).load(missing),
    (error) => error instanceof LeakwatchError && /npm install jose@6/.test(error.message),
  );
});

describe('The option jwt', () => {
  const refused = (given: unknown, words: RegExp) =>
    assert.throws(
      () => jwtOf(given as never),
      (error) => error instanceof LeakwatchError && words.test(error.message),
    );
  const base = { issuer: ISSUER, audience: AUDIENCE };

  it('reads the keys of a file', async () => {
    const file = join(folder, 'keys.json');
    writeFileSync(file, JSON.stringify(KEYS));
    const prover = await proverOf({ jwks: pathToFileURL(file) });
    assert.notEqual(await proved(await signed(claims()), prover), null);
    refused({ ...base, jwks: pathToFileURL(join(folder, 'missing')) }, /ENOENT/);
    writeFileSync(file, 'words');
    refused({ ...base, jwks: pathToFileURL(file).href }, /not JSON/);
  });

  it('needs issuer, audience and keys, and takes them from https only', () => {
    refused(true, /object/);
    refused({ audience: AUDIENCE, jwks: KEYS }, /issuer, audience and jwks/);
    refused({ issuer: ISSUER, jwks: KEYS }, /issuer, audience and jwks/);
    refused(base, /issuer, audience and jwks/);
    refused({ ...base, jwks: KEYS, algorithms: ['HS256'] }, /Unknown jwt entry/);
    for (const jwks of [
      'http://issuer.example/keys',
      'https://a:b@issuer.example/',
      'data:,{}',
      '/keys.json',
      7,
    ])
      refused({ ...base, jwks }, /https: or file:/);
  });

  it('takes public keys only', async () => {
    refused({ ...base, jwks: { keys: [] } }, /1 to 32/);
    refused({ ...base, jwks: null }, /1 to 32/);
    refused({ ...base, jwks: { keys: Array.from({ length: 33 }, () => publicKey) } }, /1 to 32/);
    refused({ ...base, jwks: { keys: ['x'] } }, /1 to 32/);
    refused({ ...base, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, /public keys only/);
    refused({ ...base, jwks: { keys: [await exportJWK(pair.privateKey)] } }, /public keys only/);
  });
});

describe('Keys that are fetched', () => {
  async function serving(respond: Parameters<typeof createServer>[1], work: (url: string) => Promise<void>) {
    const server: Server = createServer(respond!);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  }
  const init = { method: 'GET', redirect: 'manual' } as const;

  it('are passed on as they are', async () => {
    await serving(
      (_request, response) => response.end(JSON.stringify(KEYS)),
      async (url) => {
        const fetched = await createKeyFetch(assert.fail, clock)(url, init);
        assert.deepEqual(await fetched.json(), KEYS);
      },
    );
  });

  it('are refused if they are too many, no JSON, elsewhere, or not there', async () => {
    for (const [respond, reason] of [
      [
        (response: import('node:http').ServerResponse) => response.end('x'.repeat(300_000)),
        /larger than 256 KiB/,
      ],
      [(response: import('node:http').ServerResponse) => response.end('<html>'), /not JSON/],
      [
        (response: import('node:http').ServerResponse) =>
          response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end(),
        /status is (302|0)/,
      ],
      [(response: import('node:http').ServerResponse) => response.writeHead(500).end(), /status is 500/],
      [(response: import('node:http').ServerResponse) => response.destroy(), /./],
    ] as const) {
      await serving(
        (_request, response) => respond(response),
        async (url) => {
          const reasons: string[] = [];
          await assert.rejects(createKeyFetch((words) => reasons.push(words), clock)(url, init));
          assert.match(reasons[0] ?? '', reason);
        },
      );
    }
  });

  it('are not asked for again for 10 s after a failure, whatever clients send', async () => {
    let requests = 0;
    await serving(
      (_request, response) => {
        requests += 1;
        response.writeHead(503).end();
      },
      async (url) => {
        const fetchKeys = createKeyFetch(() => {}, clock);
        for (let at = 0; at < 5; at++) await assert.rejects(fetchKeys(url, init));
        assert.equal(requests, 1);
        clock.advance(10_000);
        await assert.rejects(fetchKeys(url, init));
        assert.equal(requests, 2);
      },
    );
  });

  it('that cannot be had leave every JWT unchecked, which is not its failure, with one warning', async () => {
    const logger = createRecordingLogger();
    // Nothing listens on port 1.
    const settings = jwtOf({ issuer: ISSUER, audience: AUDIENCE, jwks: 'https://127.0.0.1:1/keys' })!;
    const prover = new JwtProver(settings, logger, clock);
    await prover.load();
    for (let at = 0; at < 3; at++)
      assert.equal(await proved(await signed(claims()), prover), 'keys-unavailable');
    assert.equal(logger.lines.length, 1);
    assert.match(logger.lines[0]!.message, /no JWT is accepted until the issuer's keys can be fetched/);
  });

  /** Runs `work` with an issuer that has one key of this id, and counts what is asked of it. */
  async function withIssuer(work: (issuer: Issuer) => Promise<void>): Promise<void> {
    const key = await exportJWK(elliptic.publicKey);
    const issuer: Issuer = { kid: 'two', requests: 0, responds: Promise.resolve() };
    const fetched = mock.method(globalThis, 'fetch', async () => {
      issuer.requests += 1;
      await issuer.responds;
      return Response.json({ keys: [{ ...key, kid: issuer.kid }] });
    });
    mock.timers.enable({ apis: ['Date'], now: clock.now() });
    try {
      await work(issuer);
    } finally {
      mock.timers.reset();
      fetched.mock.restore();
    }
  }
  interface Issuer {
    kid: string;
    requests: number;
    responds: Promise<void>;
  }
  const COOLDOWN_MS = 30_000;
  const withKey = (kid: string) => signed(claims(), elliptic.privateKey, { alg: 'ES256', kid });

  it('are asked for once in a cool-down by penalised addresses as well, so that these notice a key that was replaced', async () => {
    await withIssuer(async (issuer) => {
      const prover = await proverOf({ jwks: 'https://issuer.example/keys' });
      const isAnn = async (token: string) =>
        ((await proved(token, prover, true)) as Principal | null)?.id === 'jwt:ann';
      assert.ok(await isAnn(await withKey('two')));
      issuer.kid = 'three';
      for (let count = 0; count < 20; count++) assert.equal(await isAnn(await withKey('three')), false);
      assert.equal(issuer.requests, 1, 'during the cool-down');
      mock.timers.tick(COOLDOWN_MS);
      assert.ok(await isAnn(await withKey('three')));
      for (let count = 0; count < 20; count++)
        assert.equal(await proved(await withKey(`made-up-${count}`), prover, true), null);
      assert.equal(issuer.requests, 2);
    });
  });

  it('that are being fetched keep one penalised request waiting: known keys are used meanwhile, others are no failure', async () => {
    await withIssuer(async (issuer) => {
      const prover = await proverOf({ jwks: 'https://issuer.example/keys' });
      const [old, replaced, madeUp] = [await withKey('two'), await withKey('three'), await withKey('four')];
      assert.notEqual(await proved(old, prover), null);
      mock.timers.tick(COOLDOWN_MS);
      issuer.kid = 'three';
      let respond = (): void => {};
      issuer.responds = new Promise((resolve) => {
        respond = resolve;
      });
      const first = proved(madeUp, prover, true);
      await new Promise((resolve) => setImmediate(resolve));
      for (let count = 0; count < 20; count++)
        assert.equal(await proved(madeUp, prover, true), 'keys-unavailable');
      assert.equal(await proved(replaced, prover, true), 'keys-unavailable');
      assert.equal(((await proved(old, prover, true)) as Principal).id, 'jwt:ann');
      respond();
      assert.equal(await first, null);
      assert.equal(((await proved(replaced, prover, true)) as Principal).id, 'jwt:ann');
      assert.equal(issuer.requests, 2);
    });
  });
});
