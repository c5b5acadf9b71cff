import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Capture } from './captures.js';
import { reportOf, settled, unavailable } from './service.js';

interface Report {
  readonly captures: readonly (readonly Capture[])[];
  readonly left: readonly string[];
}

function assertAllDone({ captures, left }: Report, rungs: number): void {
  for (const each of captures) {
    const failed = settled(each).filter(({ outcome }) => outcome === 'failure');
    assert.deepEqual(failed, []);
    assert.equal(settled(each).length, rungs, JSON.stringify(each));
  }
  assert.deepEqual(left, []);
}

describe('Captures of every rung come to their end', { skip: unavailable }, () => {
  it('in the main thread and in two workers at the same time, and say nothing on stderr', async () => {
    const report = await reportOf<Report & { words: string; descriptors: number }>('many-threads');
    assertAllDone(report, 4);
    assert.equal(report.words, '');
    assert.ok(report.descriptors <= 0, `${report.descriptors} descriptors more`);
  });

  it('in the workers of a cluster, whose clients are served', async () => {
    const report = await reportOf<Report & { codes: readonly number[] }>('cluster-service');
    assertAllDone(report, 3);
    assert.deepEqual(report.codes, [0, 0]);
  });
});
