import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Report } from '../../src/index.js';
import { reportOf, root } from './service.js';

interface WatchingReport {
  readonly dumper: string;
  readonly reason: string;
  readonly lines: readonly string[];
  readonly captures: Report['watcher']['captures'];
}

const BUILT = fileURLToPath(new URL('../../src/', import.meta.url));
const ADDON = `linux-${process.arch}.node`;

/** What may be in the place of the addon, and what is said of it. */
const PLACES: readonly (readonly [string, (addon: string) => void, RegExp])[] = [
  ['was not built', (addon) => rmSync(addon, { force: true }), /the addon was not built/],
  ['is no addon', (addon) => writeFileSync(addon, 'something else'), /the addon cannot be loaded: /],
  ['is empty', (addon) => truncateSync(addon), /the addon cannot be loaded: .*too short/],
];

describe('Where the addon', () => {
  let folder = '';
  let addon = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'leakwatch-survival-'));
    cpSync(BUILT, join(folder, 'dist', 'src'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    addon = join(folder, 'dist', 'src', 'native', ADDON);
    writeFileSync(addon, '');
  });
  after(() => rmSync(folder, { recursive: true }));

  async function watchedBy(mode: 'auto' | 'fork'): Promise<WatchingReport> {
    const entry = pathToFileURL(join(folder, 'dist', 'src', 'index.js')).href;
    return await reportOf<WatchingReport>('watching-service', { args: [entry, mode] });
  }

  for (const [words, put, reason] of PLACES) {
    it(`${words}, a watcher that may only fork says why it cannot, and watches on`, async () => {
      put(addon);
      const { dumper, captures, lines } = await watchedBy('fork');
      assert.equal(dumper, 'none');
      assert.deepEqual(captures, []);
      assert.match(lines.join('\n'), reason);
      assert.match(lines.join('\n'), /capture: 'fork' allows no other way/);
    });
  }

  it('is missing, a watcher that may choose captures in process', async () => {
    rmSync(addon, { force: true });
    const { dumper, reason, captures } = await watchedBy('auto');
    assert.equal(dumper, 'inline');
    assert.match(reason, /^captures stop the service, within pauseBudgetMs: the addon was not built/);
    assert.ok(captures.some(({ outcome, rung }) => outcome === 'success' && rung === 'full'));
  });
});
