import assert from 'node:assert/strict';
import type { SpawnOptions } from 'node:child_process';
import { describe, it } from 'node:test';
import { createTestGroup } from '../support/control-group.js';
import { eventually } from '../support/eventually.js';
import type { Capture } from './captures.js';
import { isAlive, settled, unavailable, withService } from './service.js';

interface QuotaReport {
  readonly alone: number;
  readonly captured: number;
  readonly captures: readonly Capture[];
  readonly left: readonly string[];
}

describe('A service that may use half a core', { skip: unavailable }, () => {
  it('is captured by every rung, goes on meanwhile, and takes a stopped child with it', async (context) => {
    const { group, reason } = createTestGroup({ cpuCores: 0.5 });
    if (group === null) {
      context.skip(reason);
      return;
    }
    const start = (program: string, args: readonly string[], options: SpawnOptions) =>
      group.spawn(program, args, options);
    try {
      await withService('quota-service', { start }, async (service) => {
        const { alone, captured, captures, left } = await service.said<QuotaReport>('alone');
        for (const each of settled(captures)) assert.equal(each.outcome, 'success', JSON.stringify(each));
        assert.equal(settled(captures).length, 4);
        assert.deepEqual(left, []);
        context.diagnostic(`a timer of 10 ms came each ${alone} ms alone, each ${captured} ms with captures`);
        assert.ok(captured < 5 * alone, `${captured} ms, and alone ${alone} ms`);
        const { holding } = await service.said<{ holding: number }>('holding');
        await service.kill();
        await eventually('the child is gone', () => !isAlive(holding));
      });
    } finally {
      await group.destroy();
    }
  });
});
