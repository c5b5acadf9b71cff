import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as v8 from 'node:v8';
import { analyze } from '../../../src/heap/analysis.js';
import type { RawSite } from '../../../src/heap/sources/code-place.js';
import type { Suspect } from '../../../src/heap/suspects/suspect.js';
import { loadBinding } from '../../../src/native/binding.js';

const PROGRAM = fileURLToPath(new URL('./programs/leaking-orders.js', import.meta.url));
const SOURCE = /test\/heap\/sites\/programs\/leaking-orders\.ts$/;
const HUNG_MS = 120_000;
const isSampled = 'startHeapProfile' in v8 || loadBinding().binding !== null;
const skip = isSampled ? false : 'neither Node nor the addon begins a profiler that does not collect';

describe('A leak of a program compiled with source maps', { skip }, () => {
  let folder = '';
  let sites: readonly RawSite[] = [];
  let suspects: readonly Suspect[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'leakwatch-sites-'));
    const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, folder], {
      timeout: HUNG_MS,
      maxBuffer: 2 ** 24,
    });
    sites = JSON.parse(stdout);
    let previous: Uint8Array | null = null;
    for (const snapshot of [0, 1, 2]) {
      const result = await analyze({
        snapshot: createReadStream(join(folder, `${snapshot}.heapsnapshot`)),
        previous,
        capturedAtMs: snapshot * 60_000,
        sites,
      });
      assert.equal(result.outcome, 'success');
      if (result.outcome !== 'success') return;
      previous = result.series;
      suspects = result.suspects;
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('is told with the place in the source that allocates what it holds', () => {
    const [orders] = suspects;
    assert.equal(orders?.className, 'Order');
    const names = orders?.sites?.map(({ function: name }) => name) ?? [];
    // Whichever of them the compiler has inlined into its caller.
    assert.ok(
      names.some((name) => /^(Order|recordOrders?)$/.test(name)),
      names.join(', '),
    );
    for (const { url, line, package: owner } of orders?.sites ?? []) {
      assert.match(url, SOURCE);
      assert.ok(line >= 1);
      assert.equal(owner, null);
    }
    assert.match(orders?.yours?.url ?? '', SOURCE);
  });

  it('is told with the place in the source where the class is', () => {
    assert.match(suspects[0]?.locations?.[0]?.url ?? '', SOURCE);
  });

  it('is explained by sites whose growth is that of the members, within the error of sampling', () => {
    const explained = suspects[0]?.sites?.reduce((sum, { growthBytes }) => sum + growthBytes, 0) ?? 0;
    const gained = suspects[0]?.gainedBytes ?? 0;
    assert.ok(explained > gained / 4 && explained < gained * 4, `${explained} of ${gained}`);
  });
});
