import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { resolveOptions } from '../../src/options/resolve-options.js';
import { leakwatch } from './command-line.js';

const DAY_MS = 24 * 3_600_000;
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-token-'));
after(() => rmSync(folder, { recursive: true }));

/** What a token file with this output grants. */
async function granted(...args: readonly string[]) {
  const { code, stdout, stderr } = await leakwatch(['token', ...args]);
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^lwt_[\w-]{48}( \S+)*\n$/);
  const tokenFile = join(folder, 'tokens');
  writeFileSync(tokenFile, stdout, { mode: 0o600 });
  const [grant] = resolveOptions({ tokenFile }).access.tokens;
  return { grant: grant!, words: stdout.trim().split(' ') };
}

describe('leakwatch token', () => {
  it('prints a bare token, for a variable as well as for a file', async () => {
    const { grant, words } = await granted();
    assert.equal(words.length, 1);
    assert.deepEqual([grant.scopes, grant.expiresAtMs], [['read', 'metrics'], null]);
  });

  it('prints a line that goes into a token file as it is', async () => {
    const before = Date.now();
    const { grant, words } = await granted('--scope', 'read,dump,dump', '--expires', '90d', '--id', 'ci');
    assert.deepEqual([grant.id, grant.scopes], ['ci', ['read', 'dump']]);
    assert.equal(words[1], 'scope=read,dump');
    const aheadMs = grant.expiresAtMs! - before - 90 * DAY_MS;
    assert.ok(aheadMs > -1000 && aheadMs <= Date.now() - before, `${aheadMs}`);
    assert.match(words[2]!, /^expires=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('takes hours, minutes, dates and times', async () => {
    const before = Date.now();
    for (const [given, ms] of [
      ['12h', DAY_MS / 2],
      ['30m', 30 * 60_000],
    ] as const) {
      const { grant } = await granted('--expires', given);
      assert.ok(Math.abs(grant.expiresAtMs! - before - ms) < 60_000, given);
    }
    assert.equal((await granted('--expires=2099-12-31')).grant.expiresAtMs, Date.parse('2100-01-01'));
    const time = '2099-12-31T18:00:00+01:00';
    assert.equal((await granted('--expires', time)).grant.expiresAtMs, Date.parse(time));
  });
});
