import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { issueToken } from '../../src/options/tokens.js';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { ExpressionContext } from '../../src/repl/expression-context.js';
import { previewText } from '../../src/repl/preview-text.js';
import { REDACTED, Redaction } from '../../src/repl/redaction.js';
import { copies, noCopies } from './copies.js';

const ENVIRONMENT = {
  HOME: '/home/shop',
  DATABASE: 'db-open-sesame',
  PIN_OF_CARD: '713',
  MODE: 'dev',
  SEED: 'plantedValueLong',
};
/** On a busy machine as well. */
const ENOUGH = { runMs: 20_000, copyMs: 20_000, waitMs: 20_000 };
const redaction = new Redaction(ENVIRONMENT);

/** As the endpoint makes it: in an expression that may not have side effects. */
async function shown(value: unknown, expression = 'subject'): Promise<string> {
  const roots = new ExposedRoots();
  roots.expose('subject', () => value);
  const evaluated = await new ExpressionContext('leakwatch-preview', roots, copies, ENOUGH).evaluate(
    expression,
    'read-only',
    undefined,
    () => {},
  );
  assert.ok('preview' in evaluated, JSON.stringify(evaluated));
  return previewText(evaluated.preview, redaction, redaction.isSecretName(expression));
}

class Session {
  readonly user = 'ann';
  readonly #hidden = 'private';
  readonly cart = new Map([['milk', { count: 2, tags: ['cold'] }]]);
  get reveal(): string {
    return this.#hidden;
  }
}

describe('A preview', { skip: noCopies }, () => {
  it('shows a value two levels deep, with classes and sizes', async () => {
    assert.equal(
      await shown(new Session()),
      'Session {\n  user: "ann",\n  cart: Map(1) { milk: Object { … } }\n}',
    );
    assert.equal(
      await shown(Object.assign(Array(4), { 0: 1, 2: 'two', 3: [3] })),
      'Array(4) [\n  1,\n  empty,\n  "two",\n  Array(1) [ 3 ]\n]',
    );
    assert.equal(await shown(new Set(['a'])), 'Set(1) [\n  "a"\n]');
  });

  it('calls no getter, asks no Proxy, and shows no source and no contents of buffers', async () => {
    const value = {
      get computed() {
        throw new Error('called');
      },
      proxy: new Proxy({}, { ownKeys: () => assert.fail('asked') as never }),
      run: function settle() {
        return 'source code';
      },
      anonymous: (
        () => () =>
          'source code'
      )(),
      bytes: Buffer.from('contents'),
      raw: new ArrayBuffer(16),
    };
    const text = await shown(value);
    assert.match(text, /computed: \[getter\]/);
    assert.match(text, /proxy: \[Proxy\]/);
    assert.match(text, /run: \[function settle\]/);
    assert.match(text, /bytes: Buffer\(8\)/);
    assert.match(text, /raw: ArrayBuffer\(16\)/);
    assert.doesNotMatch(text, /source|contents/);
  });

  it('is bounded in every direction', async () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, at]));
    assert.match(await shown(wide), /k49: 49,\n {2}… 150 more\n/);
    assert.match(await shown(new Map(Array.from({ length: 9000 }, (_, at) => [at, at]))), /… 8950 more/);
    assert.match(await shown('é'.repeat(5000)), /^"é{200}"… 5000 characters$/);
    const rows = Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => 'word '.repeat(40)));
    assert.ok((await shown(rows)).length <= 20_001);
    assert.equal(await shown(12n ** 200n), '[bigint]');
  });

  it('names what is left of special values', async () => {
    const value = {
      nan: Number.NaN,
      zero: -0,
      big: 5n,
      none: undefined,
      mark: Symbol('mark'),
      at: new Date(0),
    };
    const text = await shown(value);
    for (const part of ['nan: NaN', 'zero: -0', 'big: 5n', 'none: undefined', 'mark: Symbol(mark)'])
      assert.ok(text.includes(part), part);
    assert.ok(text.includes('at: 1970-01-01T00:00:00.000Z'));
    assert.equal(await shown(new Date(Number.NaN)), 'Invalid Date');
    const error = Object.assign(new Error('broken'), { code: 'E1' });
    assert.equal(await shown(error), 'Error {\n  message: "broken",\n  code: "E1"\n}');
  });
});

describe('Redaction', () => {
  const secrets = {
    'a token of ours': issueToken(),
    'a JSON web token': 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
    'a private key': '-----BEGIN PRIVATE KEY-----\nMII…',
    'a header': 'Bearer abcdefghij',
    'a URL with a password': 'postgres://shop:hunter2@db/shop',
    'an assignment': 'connecting with password=hunter2',
    'a digest': createHash('sha256').update('x').digest('hex'),
    'random bytes': randomBytes(24).toString('base64url'),
    'an identifier of a session': randomUUID(),
    'a key of a cloud': 'AKIAIOSFODNN7EXAMPLE',
    'a value of the environment': ENVIRONMENT.DATABASE,
    'a text with a value of the environment': `connected to ${ENVIRONMENT.DATABASE}!`,
  };
  for (const [what, secret] of Object.entries(secrets)) {
    it(`withholds ${what}, wherever it stands`, async () => {
      const kept = () => secret;
      const value = {
        text: secret,
        list: [secret],
        map: new Map([[secret, secret]]),
        nested: { deep: secret },
        error: new Error(secret),
        [secret]: 1,
        symbol: Symbol(secret),
        kept,
      };
      const text = await shown(value);
      assert.ok(!text.includes(secret.slice(0, 12)), text);
      assert.ok(text.includes(REDACTED));
      assert.equal(await shown(secret), REDACTED);
      assert.doesNotMatch(
        await shown(null, `(() => { throw new Error(${JSON.stringify(secret)}); })()`),
        /hunter2|AKIA/,
      );
    });
  }

  for (const name of [
    'password',
    'dbPassword',
    'PASSWD',
    'pwd',
    'clientSecret',
    'accessToken',
    'tokens',
    'authorization',
    'Set-Cookie',
    'sessionId',
    'api_key',
    'apiKey',
    'privateKey',
    'x-csrf-token',
    'credentials',
    'ssn',
  ]) {
    it(`withholds what is named ${name}`, async () => {
      const text = await shown({
        [name]: 'open',
        other: { [name]: { inner: 'open' } },
        map: new Map([[name, 'open']]),
      });
      assert.doesNotMatch(text, /open/);
      assert.doesNotMatch(
        await shown({ value: 'open' }, `({ ${JSON.stringify(name)}: 'open' })[${JSON.stringify(name)}]`),
        /open/,
      );
    });
  }

  for (const before of [150, 183, 190, 195, 980, 990, 995]) {
    it(`shows no part of a secret that a name is cut in, after ${before} characters`, async () => {
      const name = 'a'.repeat(before) + ENVIRONMENT.SEED;
      const ofClass = Object.defineProperty(class {}, 'name', { value: name }) as new () => object;
      const value = {
        symbol: Symbol(name),
        kept: Object.defineProperty(() => {}, 'name', { value: name }),
        ofClass: new ofClass(),
        password: new ofClass(),
        map: new Map([[Symbol(name), name]]),
        [name]: 1,
        [Symbol(name)]: 2,
      };
      assert.doesNotMatch(await shown(value), /plant/);
      assert.doesNotMatch(await shown(Symbol(name)), /plant/);
      assert.ok((await shown({ ['b'.repeat(990)]: 1 })).length < 250);
    });
  }

  it('withholds keys of a Map, and names that are no identifiers, if the expression names a secret', async () => {
    const value = {
      map: new Map<unknown, unknown>([
        ['short-tok', { user: 'bob' }],
        ['word', 'open'],
        [{ id: 'key' }, 7],
      ]),
      plain: { 'short-tok': 1, count: 2 },
    };
    assert.match(await shown(value, 'subject.map'), /"short-tok": Object .*\n {2}word: "open"/);
    const map = await shown(value, '/token/, subject.map');
    assert.match(map, /^Map\(3\) \{\n {2}\[redacted\]: Object \[redacted\],/);
    assert.doesNotMatch(map, /short-tok|word|open|bob|id|7/);
    const plain = await shown(value, '/token/, subject.plain');
    assert.match(plain, /count: /);
    assert.doesNotMatch(plain, /short-tok/);
  });

  it('shows ordinary names and values', async () => {
    const value = {
      author: 'ann',
      passenger: 'bob',
      keyboard: 'qwerty',
      id: 7,
      compare: 'monkey',
      path: '/var/lib/shop',
    };
    assert.doesNotMatch(await shown(value), /redacted/);
  });

  it('withholds the environment, short values included, and every value of it in another place', async () => {
    const text = await shown({ ...ENVIRONMENT });
    for (const value of Object.values(ENVIRONMENT)) assert.ok(!text.includes(value), value);
    assert.equal(await shown(ENVIRONMENT.HOME), REDACTED);
  });
});
