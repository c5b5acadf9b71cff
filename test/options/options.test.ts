import assert from 'node:assert/strict';
import { hash, randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ErrorCode, LeakwatchError } from '../../src/errors.js';
import type { Options } from '../../src/options/options.js';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { issueToken } from '../../src/options/tokens.js';
import { PACE_RULES } from '../../src/pace/pace.js';

const TOKEN = issueToken();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-options-'));
after(() => rmSync(folder, { recursive: true }));

function refused(options: unknown, code: ErrorCode, words: RegExp): void {
  assert.throws(
    () => resolveOptions(options as Options),
    (error) => error instanceof LeakwatchError && error.code === code && words.test(error.message),
  );
}

const tokensOf = (options: Options) =>
  resolveOptions(options).access.tokens.map(({ digest }) => digest.toString('hex'));
const digestOf = (token: string) => hash('sha256', token);

describe('Options', () => {
  it('may all be left out', () => {
    const options = resolveOptions();
    assert.equal(options.pace, 'production');
    assert.equal(options.capture, 'auto');
    assert.equal(options.listen, null);
    assert.deepEqual(options.access.tokens, []);
    assert.equal(options.tls, null);
    assert.equal(options.schedule.capture, null);
    assert.equal(options.pauseBudgetMs, PACE_RULES.production.pauseBudgetMs);
  });

  it('are frozen once resolved', () => {
    assert.ok(Object.isFrozen(resolveOptions()));
  });

  it('offer the nearest name for an unknown one', () => {
    refused({ listne: '127.0.0.1:1' }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /'listne'.*Did you mean 'listen'\?/);
    refused({ schedule: { captures: '* * * * *' } }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /'capture'/);
    refused({ somethingElse: 1 }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /Known names: listen/);
  });

  it('name the field and its values when one cannot be used', () => {
    refused(
      { pace: 'slow' },
      'LEAKWATCH_ERR_INVALID_OPTION',
      /pace is one of 'production', 'fast', not "slow"/,
    );
    refused({ pauseBudgetMs: -1 }, 'LEAKWATCH_ERR_INVALID_OPTION', /pauseBudgetMs/);
    refused({ pauseBudgetMs: Number.NaN }, 'LEAKWATCH_ERR_INVALID_OPTION', /pauseBudgetMs/);
    refused({ stateDir: '' }, 'LEAKWATCH_ERR_INVALID_OPTION', /stateDir/);
    refused({ allowRemote: 'yes' }, 'LEAKWATCH_ERR_INVALID_OPTION', /allowRemote/);
    refused({ allowedHosts: 'a' }, 'LEAKWATCH_ERR_INVALID_OPTION', /allowedHosts/);
    refused({ authorize: 'yes' }, 'LEAKWATCH_ERR_INVALID_OPTION', /authorize takes a function/);
    refused({ logger: {} }, 'LEAKWATCH_ERR_INVALID_OPTION', /logger/);
    refused({ listen: 'nowhere' }, 'LEAKWATCH_ERR_INVALID_OPTION', /nowhere|host:port/);
    refused([], 'LEAKWATCH_ERR_INVALID_OPTION', /object/);
  });

  it('refuse a listener that strangers can reach, unless it is acknowledged', () => {
    const listen = '0.0.0.0:9464';
    refused({ listen, token: TOKEN }, 'LEAKWATCH_ERR_LISTEN_EXPOSED', /allowRemote/);
    refused({ listen, token: TOKEN }, 'LEAKWATCH_ERR_LISTEN_EXPOSED', /set tls/);
    assert.ok(resolveOptions({ listen, token: TOKEN, allowRemote: true }).listen);
    refused({ listen, allowRemote: true, metricsAuth: 'none' }, 'LEAKWATCH_ERR_OPTION_CONFLICT', /loopback/);
  });

  it('refuse captures on a schedule where captures are off', () => {
    refused(
      { capture: 'off', schedule: { capture: '0 * * * *' } },
      'LEAKWATCH_ERR_OPTION_CONFLICT',
      /schedule\.capture/,
    );
  });
});

describe('Bearer tokens', () => {
  it('are taken from the option and from the file', () => {
    const tokenFile = join(folder, 'tokens');
    const [one, two] = [issueToken(), issueToken()];
    writeFileSync(tokenFile, `${one}\n\n${two}\n`, { mode: 0o600 });
    assert.deepEqual(tokensOf({ token: TOKEN, tokenFile }), [TOKEN, one, two].map(digestOf));
    assert.deepEqual(tokensOf({ token: [one, TOKEN, one] }), [one, TOKEN].map(digestOf));
  });

  it('are accepted as leakwatch issues them, each another one', () => {
    const issued = Array.from({ length: 100 }, issueToken);
    assert.equal(new Set(issued).size, issued.length);
    for (const token of issued) assert.deepEqual(tokensOf({ token }), [digestOf(token)]);
  });

  it('are accepted from elsewhere if they spell 256 bits in hexadecimal or base64', () => {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const token = bytes.toString(encoding);
      assert.deepEqual(tokensOf({ token }), [digestOf(token)]);
    }
  });

  it('are refused if damaged or too short, with the command that makes one and without repeating them', () => {
    const damaged = Array.from(TOKEN, (character, at) =>
      TOKEN.slice(0, at).concat(character === 'A' ? 'B' : 'A', TOKEN.slice(at + 1)),
    ).slice('lwt_'.length);
    for (const foreign of [
      '',
      'secret',
      randomBytes(31).toString('hex'),
      randomBytes(31).toString('base64url'),
      'correct horse battery staple, correct horse battery staple',
      'a'.repeat(64),
      'password'.repeat(6),
      '0123456789'.repeat(7),
      TOKEN.slice(0, -1),
      `${TOKEN}A`,
      `${TOKEN}\n`,
      ` ${TOKEN}`,
      TOKEN.toUpperCase(),
      ...damaged,
    ]) {
      assert.throws(
        () => resolveOptions({ token: foreign }),
        (error) =>
          error instanceof LeakwatchError &&
          error.code === 'LEAKWATCH_ERR_WEAK_TOKEN' &&
          /npx leakwatch token/.test(error.message) &&
          (foreign === '' || !error.message.includes(foreign)),
        `'${foreign}' was accepted`,
      );
    }
  });

  it('are refused in a file that others can read, that is empty or not there', () => {
    const open = join(folder, 'open');
    writeFileSync(open, TOKEN);
    chmodSync(open, 0o644);
    refused({ tokenFile: open }, 'LEAKWATCH_ERR_TOKEN_FILE', /0644.*0400/);
    const empty = join(folder, 'empty');
    writeFileSync(empty, '\n', { mode: 0o600 });
    refused({ tokenFile: empty }, 'LEAKWATCH_ERR_TOKEN_FILE', /empty/);
    refused({ tokenFile: join(folder, 'missing') }, 'LEAKWATCH_ERR_TOKEN_FILE', /ENOENT/);
    refused({ tokenFile: folder }, 'LEAKWATCH_ERR_TOKEN_FILE', /regular file/);
  });
});

describe('Fields of a token', () => {
  const DAY_MS = 24 * 3_600_000;
  const grantsOf = (options: Options) =>
    resolveOptions(options).access.tokens.map(({ id, scopes, expiresAtMs }) => ({ id, scopes, expiresAtMs }));
  const file = (...lines: readonly string[]) => {
    const tokenFile = join(folder, 'fields');
    writeFileSync(tokenFile, lines.join('\n'), { mode: 0o600 });
    return { tokenFile };
  };

  it('name it, limit its scopes and its life, in any order', () => {
    const expected = { id: 'ci', scopes: ['read', 'dump'], expiresAtMs: Date.parse('2100-01-01T00:00:00Z') };
    for (const fields of [
      'scope=read,dump expires=2099-12-31 id=ci',
      'id=ci  expires=2100-01-01T00:00:00Z\tscope=read,dump',
      'scope=read,dump,read expires=2100-01-01T01:30+01:30 id=ci',
    ]) {
      assert.deepEqual(grantsOf({ token: `${TOKEN} ${fields}` }), [expected], fields);
      assert.deepEqual(grantsOf(file('# of CI', '', `  ${TOKEN} ${fields}\r`)), [expected], fields);
    }
  });

  it('may be left out: then it reads, for good, under a name from its digest', () => {
    const [{ id, ...rest } = { id: '' }] = grantsOf({ token: TOKEN });
    assert.equal(id, `token-${digestOf(TOKEN).slice(0, 8)}`);
    assert.deepEqual(rest, { scopes: ['read', 'metrics'], expiresAtMs: null });
  });

  for (const [fields, words] of [
    ['scope=root', /scope takes one or more of read,metrics,act,/],
    ['scope=', /scope takes/],
    ['scope=read,', /scope takes/],
    ['scope=Read', /scope takes/],
    ['scope=read scope=act', /field scope twice/],
    ['role=admin', /something other than scope=, expires= or id=/],
    ['Scope=read', /something other than/],
    ['__proto__=read', /something other than/],
    ['=read', /something other than/],
    ['# a remark', /something other than/],
    [issueToken(), /something other than/],
    ['id=', /id takes 1 to 64 letters/],
    ['id=a:b', /id takes/],
    [`id=${'a'.repeat(65)}`, /id takes/],
    ['expires=soon', /expires takes a date/],
    ['expires=', /expires takes/],
    ['expires=90d', /expires takes/],
    ['expires=2099-02-30', /expires takes/],
    ['expires=2099-13-01', /expires takes/],
    ['expires=2099-12-31T18:00', /expires takes/],
    ['expires=2099-12-31T25:00:00Z', /expires takes/],
    ['expires=4102444800', /expires takes/],
  ] as const) {
    it(`are refused at start if they are '${fields.replace(/lwt_.*/, 'another token')}'`, () => {
      const token = `${TOKEN} ${fields}`;
      refused({ token }, 'LEAKWATCH_ERR_INVALID_OPTION', words);
      refused(
        { token: [issueToken(), token] },
        'LEAKWATCH_ERR_INVALID_OPTION',
        /^Entry 2 of the option token/,
      );
      refused(file('# remark', token), 'LEAKWATCH_ERR_TOKEN_FILE', words);
      assert.throws(
        () => resolveOptions(file('# remark', token)),
        ({ message }: Error) => message.startsWith('Line 2 of the token file ') && !/lwt_\w/.test(message),
      );
    });
  }

  it('whose expiry has passed are no start error: a service must not fail to start because a day has passed', () => {
    const yesterday = new Date(Date.now() - DAY_MS).toISOString();
    assert.equal(grantsOf({ token: `${TOKEN} expires=${yesterday}` }).length, 1);
    assert.equal(grantsOf(file(`${TOKEN} expires=${yesterday}`, issueToken())).length, 2);
  });

  it('must agree where a token is given twice, and no two tokens may have one name', () => {
    const other = issueToken();
    assert.equal(grantsOf({ token: `${TOKEN} id=ci`, ...file(`${TOKEN} id=ci`) }).length, 1);
    refused({ token: TOKEN, ...file(`${TOKEN} scope=act`) }, 'LEAKWATCH_ERR_INVALID_OPTION', /given twice/);
    refused(
      file(`${TOKEN} id=ci`, `${other} id=ci`),
      'LEAKWATCH_ERR_INVALID_OPTION',
      /Two tokens have the id 'ci'/,
    );
  });

  it('do not make a weak token strong, whose line is named', () => {
    refused(
      file(TOKEN, 'secret scope=read'),
      'LEAKWATCH_ERR_WEAK_TOKEN',
      /^Line 2 of the token file is too short/,
    );
  });
});

describe('A token file that a group may read', { skip: process.getuid?.() !== 0 }, () => {
  const tokenFile = join(folder, 'mounted');
  const mounted = (mode: number, owner: number) => {
    writeFileSync(tokenFile, TOKEN);
    chmodSync(tokenFile, mode);
    chownSync(tokenFile, owner, 0);
    return { tokenFile };
  };

  it("is accepted if another user owns it, as with Kubernetes' fsGroup, and no one else may read or write it", () => {
    assert.equal(resolveOptions(mounted(0o440, 12345)).access.tokens.length, 1);
    refused(mounted(0o460, 12345), 'LEAKWATCH_ERR_TOKEN_FILE', /mode 0460/);
    refused(mounted(0o444, 12345), 'LEAKWATCH_ERR_TOKEN_FILE', /mode 0444/);
    refused(mounted(0o440, 0), 'LEAKWATCH_ERR_TOKEN_FILE', /mode 0440/);
  });
});

describe('Expressions', () => {
  const VARIABLE = 'LEAKWATCH_ACKNOWLEDGE_EVAL';
  const acknowledged = (value: string | undefined, run: () => void) => {
    if (value !== undefined) process.env[VARIABLE] = value;
    try {
      run();
    } finally {
      delete process.env[VARIABLE];
    }
  };

  it('are off unless the option and the environment say the same', () => {
    acknowledged('full', () => assert.equal(resolveOptions().repl, 'off'));
    for (const repl of ['read-only', 'full'] as const)
      acknowledged(repl, () => assert.equal(resolveOptions({ repl }).repl, repl));
    acknowledged('full', () => assert.equal(resolveOptions({ repl: 'read-only' }).repl, 'read-only'));
  });

  it('are an error at start without the acknowledgement, or with that of the lesser mode', () => {
    for (const [repl, value] of [
      ['read-only', undefined],
      ['read-only', '1'],
      ['full', undefined],
      ['full', 'read-only'],
    ] as const)
      acknowledged(value, () =>
        refused({ repl }, 'LEAKWATCH_ERR_EVAL_UNACKNOWLEDGED', new RegExp(`${VARIABLE}=${repl}`)),
      );
    refused({ repl: 'on' }, 'LEAKWATCH_ERR_INVALID_OPTION', /repl is one of/);
    refused({ acknowledgeEval: true }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /acknowledgeEval/);
  });
});
