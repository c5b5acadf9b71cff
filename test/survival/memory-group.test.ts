import assert from 'node:assert/strict';
import type { SpawnOptions } from 'node:child_process';
import { describe, it } from 'node:test';
import { createTestGroup } from '../support/control-group.js';
import type { Capture } from './captures.js';
import { Service, settled, unavailable } from './service.js';

const MIB = 2 ** 20;
const LIMIT_BYTES = 300 * MIB;
const TIMES = 50;

interface ContainerReport {
  readonly captures: readonly Capture[];
  readonly refused: number;
  readonly rssMb: number;
  readonly left: readonly string[];
}

describe('A service of 50 MB of small objects in a container of 300 MB', { skip: unavailable }, () => {
  it('is captured or refused 50 times in a row and lives, while a snapshot in process ends it', async (context) => {
    const { group, reason } = createTestGroup({ memoryBytes: LIMIT_BYTES });
    if (group === null) {
      context.skip(reason);
      return;
    }
    const start = (program: string, args: readonly string[], options: SpawnOptions) =>
      group.spawn(program, args, options);
    const service = new Service('small-container', { args: [String(TIMES)], start });
    try {
      const report = await service.report<ContainerReport>();
      assert.equal(group.oomKills(), 0);
      assert.deepEqual(report.left, []);
      const captures = settled(report.captures);
      assert.equal(captures.length + report.refused, TIMES, JSON.stringify(report));
      const sampled = captures.filter(({ rung }) => rung === 'sampled');
      for (const each of sampled) assert.equal(each.outcome, 'success', JSON.stringify(each));
      const native = captures.filter(({ rung, writer }) => rung === 'full' && writer === 'native');
      assert.ok(native.length >= 5, `${native.length} full captures were written natively`);
      for (const each of native) assert.ok(each.whole && each.outcome === 'success', JSON.stringify(each));
      const byV8 = captures.filter(({ rung, writer }) => rung === 'full' && writer === 'v8');
      assert.ok(byV8.length >= 5, `${byV8.length} full captures were tried by V8`);
      for (const each of byV8) {
        assert.match(each.failure?.cause ?? '', /^(memory-short|over-allotment|child-memory)$/);
        assert.ok(each.peakBytes < LIMIT_BYTES, JSON.stringify(each));
      }
      context.diagnostic(summary(report));
      const other = new Service('small-container', { args: ['--in-process'], start });
      assert.deepEqual(await other.ended(), [null, 'SIGKILL']);
      assert.equal(group.oomKills(), 1);
    } finally {
      await service.kill();
      await group.destroy();
    }
  });
});

function summary({ captures, refused, rssMb }: ContainerReport): string {
  const sampled = captures.filter(({ outcome }) => outcome === 'success');
  const most = (of: (each: Capture) => number): number => Math.round(Math.max(...sampled.map(of)));
  const peakMb = most(({ peakBytes }) => peakBytes / MIB);
  const pauseMs = most(({ pauseMs }) => pauseMs);
  return `${sampled.length} captured (${peakMb} MB and ${pauseMs} ms of pause at most), ${captures.length - sampled.length} ended by their limits, ${refused} refused; the service has ${rssMb} MB`;
}
