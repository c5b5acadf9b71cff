import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

describe('Options', () => {
  it('may all be left out', () => {
    const options = resolveOptions();
    assert.equal(options.pace, 'production');
    assert.equal(options.capture, 'auto');
    assert.equal(options.listen, null);
    assert.deepEqual(options.tokens, []);
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
    refused({ logger: {} }, 'LEAKWATCH_ERR_INVALID_OPTION', /logger/);
    refused({ listen: 'nowhere' }, 'LEAKWATCH_ERR_INVALID_OPTION', /nowhere|host:port/);
    refused([], 'LEAKWATCH_ERR_INVALID_OPTION', /object/);
  });

  it('refuse a listener that strangers can reach, unless it is acknowledged', () => {
    const listen = '0.0.0.0:9464';
    refused({ listen, token: TOKEN }, 'LEAKWATCH_ERR_LISTEN_EXPOSED', /allowRemote/);
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
    assert.deepEqual(resolveOptions({ token: TOKEN, tokenFile }).tokens, [TOKEN, one, two]);
    assert.deepEqual(resolveOptions({ token: [one, TOKEN, one] }).tokens, [one, TOKEN]);
  });

  it('are accepted as leakwatch issues them, each another one', () => {
    const issued = Array.from({ length: 100 }, issueToken);
    assert.equal(new Set(issued).size, issued.length);
    for (const token of issued) assert.deepEqual(resolveOptions({ token }).tokens, [token]);
  });

  it('are accepted from elsewhere if they spell 256 bits in hexadecimal or base64', () => {
    const bytes = randomBytes(32);
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const token = bytes.toString(encoding);
      assert.deepEqual(resolveOptions({ token }).tokens, [token]);
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
      `${TOKEN} ${TOKEN}`,
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
