import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportOf, unavailable } from './service.js';

const UNLUCKY = 'worker-busy';

interface ChurnReport {
  readonly times: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
  readonly descriptorsGained: number;
  readonly left: readonly string[];
  readonly mostChildren: number;
  readonly rssGrownMb: number;
  readonly inheritedGrownMb: number;
  readonly heapMb: number;
}

describe('A service that allocates and serves', { skip: unavailable }, () => {
  it('serves as before after many captures in a row, with no more memory, descriptors or children', async (context) => {
    const report = await reportOf<ChurnReport>('churn', { args: ['120', '--json'] });
    context.diagnostic(JSON.stringify(report));
    const { success = 0, [UNLUCKY]: unlucky = 0, ...others } = report.outcomes;
    assert.deepEqual(others, {});
    assert.equal(success + unlucky, report.times);
    assert.ok(unlucky <= report.times / 20, `${unlucky} captures met a thread of V8 each time`);
    assert.deepEqual(report.problems, []);
    assert.ok(report.descriptorsGained <= 0, `${report.descriptorsGained} descriptors more`);
    assert.deepEqual([report.left, report.mostChildren], [[], 0]);
    assert.ok(report.rssGrownMb < 64, `${report.rssGrownMb} MB more`);
    // What V8 maps in the midst of a fork stays inheritable; it must not be much of the heap.
    assert.ok(report.inheritedGrownMb < report.heapMb / 2, JSON.stringify(report));
  });
});
