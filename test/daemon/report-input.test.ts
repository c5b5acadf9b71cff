import assert from 'node:assert/strict';
import { it } from 'node:test';
import { reportInput } from '../../src/daemon/report-input.js';
import { leakingStatus } from '../metrics/fake-source.js';
import { finding } from '../report/report-fixture.js';

const PROCESS = { pid: 1, nodeVersion: 'v24.0.0', threadId: 0 };

it('A finding is the same object in each report until it or its time to the limit changes', () => {
  const [heap, other] = [finding({ id: 'lw-1' }), finding({ id: 'lw-2', retainerPath: [] })];
  const status = { ...leakingStatus(Date.parse('2026-01-01T00:01:00Z')), findings: [heap, other] };
  const timeToLimit = { seconds: 600, low: 500, high: 700 };
  const of = (changes: Partial<typeof status>) =>
    reportInput({ ...status, timeToLimit, ...changes }, PROCESS).findings;
  const before = of({});
  assert.equal(before[0]?.secondsToLimit, 600);
  const again = of({ cpuSeconds: status.cpuSeconds + 1 });
  assert.deepEqual([again[0] === before[0], again[1] === before[1]], [true, true]);
  const later = of({ timeToLimit: { ...timeToLimit, seconds: 540 } });
  assert.deepEqual([later[0]?.secondsToLimit, before[0]?.secondsToLimit], [540, 600]);
  assert.equal(later[1], before[1], 'it has no time that the heap gives');
  assert.notEqual(of({ findings: [{ ...heap, confidence: 0.5 }] })[0], later[0]);
});
