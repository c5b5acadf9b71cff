import assert from 'node:assert/strict';
import type { SpawnOptions } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Finding, Report } from '../../src/index.js';
import { createTestGroup } from '../support/control-group.js';
import { unavailable, withService } from './service.js';

const MIB = 2 ** 20;

interface LeakReport {
  readonly confirmed: Finding;
  readonly seconds: number;
  readonly captures: Report['watcher']['captures'];
  readonly heapMb: number;
  readonly rssMb: number;
  readonly longestMs: number;
  readonly left: readonly string[];
}

describe('A service that leaks 3 million small objects in a container of 512 MB', {
  skip: unavailable,
}, () => {
  it('lives, and its leak is confirmed with its holder through sampled captures', async (context) => {
    const { group, reason } = createTestGroup({ memoryBytes: 512 * MIB });
    if (group === null) {
      context.skip(reason);
      return;
    }
    const start = (program: string, args: readonly string[], options: SpawnOptions) =>
      group.spawn(program, args, options);
    try {
      await withService(
        'leaking-container',
        { start, nodeOptions: ['--max-old-space-size=400'] },
        async (service) => {
          const report = await service.report<LeakReport>();
          context.diagnostic(summary(report));
          assert.equal(group.oomKills(), 0);
          assert.deepEqual(report.left, []);
          const { confirmed } = report;
          const path = confirmed.retainerPath.map(({ edge, node }) => `${edge}: ${node}`);
          assert.deepEqual(path.slice(-3), ['log: VisitLog', 'visits: Array', '[]: Visit'], path.join());
          assert.equal(confirmed.className, 'Visit');
          const graphs = report.captures.filter(({ rung }) => rung === 'sampled' || rung === 'full');
          assert.ok(graphs.every(({ rung, dumper }) => rung === 'sampled' && dumper === 'fork'));
          assert.ok(graphs.filter(({ outcome }) => outcome === 'success').length >= 4);
        },
      );
    } finally {
      await group.destroy();
    }
  });
});

function summary({ captures, seconds, heapMb, rssMb, longestMs }: LeakReport): string {
  const rows = captures.map(
    ({ rung, outcome, pauseMs, durationMs, peakBytes, reason }) =>
      `${rung} ${outcome} ${Math.round(pauseMs)} ms, ${Math.round(durationMs)} ms, ${Math.round(peakBytes / MIB)} MB${reason === null ? '' : ` (${reason})`}`,
  );
  return `confirmed after ${seconds} s; heap ${heapMb} MB, resident ${rssMb} MB, longest stall of the loop ${Math.round(longestMs)} ms\n${rows.join('\n')}`;
}
