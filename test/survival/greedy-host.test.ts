import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Capture } from './captures.js';
import { reportOf, root, unavailable } from './service.js';

const { include_dir: headers } = createRequire(import.meta.url)('node-api-headers') as {
  include_dir: string;
};

interface GreedyReport {
  readonly captures: readonly Capture[];
  readonly taken: number;
  readonly descriptors: number;
  readonly left: readonly string[];
}

describe('A host that waits for any child', { skip: unavailable }, () => {
  it('takes the ends of captures away, which come to an end all the same', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'leakwatch-survival-'));
    try {
      const addon = join(folder, 'wait-for-all.node');
      const source = join(root, 'test', 'survival', 'wait-for-all.c');
      const { status, error, stderr } = spawnSync(
        'gcc',
        ['-fPIC', '-shared', '-I', headers, '-o', addon, source],
        { encoding: 'utf8' },
      );
      if (status !== 0) {
        const lack = `nothing can be compiled here: ${error?.message ?? stderr}`;
        context.skip(lack);
        return;
      }
      const report = await reportOf<GreedyReport>('greedy-host', { args: [addon] });
      assert.ok(report.taken > 0);
      assert.ok(report.descriptors <= 0, `${report.descriptors} descriptors more`);
      assert.deepEqual(report.left, []);
      for (const { failure } of report.captures)
        assert.ok(failure === null || failure.cause === 'end-lost', JSON.stringify(failure));
      // A child's snapshot is enough without its exit code, unless it had not written any of it yet.
      const whole = report.captures.filter(({ whole }) => whole);
      assert.ok(whole.length >= 1, JSON.stringify(report.captures));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
