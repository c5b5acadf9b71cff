import assert from 'node:assert/strict';
import { it } from 'node:test';
import { reportInput } from '../../src/daemon/report-input.js';
import { untimedFinding } from '../../src/report/report.js';
import { leakingStatus } from '../metrics/fake-source.js';
import { finding } from '../report/report-fixture.js';

const PROCESS = { pid: 1, nodeVersion: 'v24.0.0', threadId: 0 };

it('A finding gets the time to the limit that the heap has now, and stays known as the one without it', () => {
  const [heap, other] = [finding({ id: 'lw-1' }), finding({ id: 'lw-2', retainerPath: [] })];
  const status = { ...leakingStatus(Date.parse('2026-01-01T00:01:00Z')), findings: [heap, other] };
  const at = (seconds: number) =>
    reportInput({ ...status, timeToLimit: { seconds, low: 500, high: 700 } }, PROCESS).findings;
  for (const seconds of [600, 540]) {
    const [timed, untimed] = at(seconds);
    assert.equal(timed?.secondsToLimit, seconds);
    assert.equal(untimedFinding(timed!), heap);
    assert.equal(untimed, other, 'it has no time that the heap gives');
  }
});
