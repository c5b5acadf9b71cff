import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type ErrorCode, LeakwatchError } from '../../src/errors.js';
import { type Options, resolveOptions } from '../../src/options/options.js';
import { PACE_RULES } from '../../src/pace/pace.js';

const STRONG = 'q83vZJxN1f_0pYw2Kd7LtR5sUeA9bGhCmXoTiQzWnEk';
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
    refused({ somethingElse: 1 }, 'LEAKWATCH_ERR_UNKNOWN_OPTION', /Known are: listen/);
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
    refused({ listen, token: STRONG }, 'LEAKWATCH_ERR_LISTEN_EXPOSED', /allowRemote/);
    assert.ok(resolveOptions({ listen, token: STRONG, allowRemote: true }).listen);
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
    writeFileSync(tokenFile, `${STRONG}x\n\n${STRONG}y\n`, { mode: 0o600 });
    assert.deepEqual(resolveOptions({ token: STRONG, tokenFile }).tokens, [
      STRONG,
      `${STRONG}x`,
      `${STRONG}y`,
    ]);
  });

  it('must hold 256 bits, and the refusal does not repeat them', () => {
    for (const weak of [
      '',
      'secret',
      'a'.repeat(64),
      'abcd1234'.repeat(8),
      STRONG.slice(1),
      '0123456789'.repeat(7),
      `${STRONG} ${STRONG}`,
    ]) {
      assert.throws(
        () => resolveOptions({ token: weak }),
        (error) =>
          error instanceof LeakwatchError &&
          error.code === 'LEAKWATCH_ERR_WEAK_TOKEN' &&
          /npx leakwatch token/.test(error.message) &&
          (weak === '' || !error.message.includes(weak)),
        `'${weak}' was accepted`,
      );
    }
    const hex = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';
    assert.deepEqual(resolveOptions({ token: [STRONG, hex] }).tokens, [STRONG, hex]);
  });

  it('are refused in a file that others can read, that is empty or not there', () => {
    const open = join(folder, 'open');
    writeFileSync(open, STRONG);
    chmodSync(open, 0o644);
    refused({ tokenFile: open }, 'LEAKWATCH_ERR_TOKEN_FILE', /0644.*0400/);
    const empty = join(folder, 'empty');
    writeFileSync(empty, '\n', { mode: 0o600 });
    refused({ tokenFile: empty }, 'LEAKWATCH_ERR_TOKEN_FILE', /empty/);
    refused({ tokenFile: join(folder, 'missing') }, 'LEAKWATCH_ERR_TOKEN_FILE', /ENOENT/);
    refused({ tokenFile: folder }, 'LEAKWATCH_ERR_TOKEN_FILE', /regular file/);
  });
});
