import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PACE_RULES } from '../../src/pace/pace.js';
import { type CaptureSituation, decideCapture } from '../../src/trigger/capture-decision.js';
import { CpuBudget } from '../../src/trigger/cpu-budget.js';

const RULES = PACE_RULES.fast;
const MB = 2 ** 20;
const START = 1_000_000;

const SITUATION: CaptureSituation = {
  nowMs: START + 60_000,
  startedAtMs: START,
  asked: null,
  capturing: false,
  predicted: { pauseMs: 300, memoryBytes: 60 * MB, besideBytes: 40 * MB, cpuSeconds: 9 },
  dumperReason: 'captures are off',
  pauseBudgetMs: 1000,
  memoryAvailableBytes: 500 * MB,
  memoryLimitBytes: 1000 * MB,
  cpuBudget: new CpuBudget(0.02),
  trend: {
    direction: 'rising',
    basis: 'major-gc',
    bytesPerSecond: 50_000,
    low: 40_000,
    high: 60_000,
    windowMs: 30_000,
    points: 9,
    shifted: true,
  },
  series: { captures: 0, lastAtMs: null, flat: 0, coolDownUntilMs: 0, confirmed: false },
};

function decide(change: Partial<CaptureSituation>) {
  return decideCapture({ ...SITUATION, ...change }, RULES);
}

function skipReason(change: Partial<CaptureSituation>): string {
  const decision = decide(change);
  assert.equal(decision.decision, 'skip');
  return decision.reason;
}

describe('A capture', () => {
  it('is taken when the heap grows', () => {
    assert.deepEqual(decide({}), {
      decision: 'capture',
      trigger: 'trend',
      because: 'the heap grows by 50000 bytes a second over 30 s (major-gc)',
    });
  });

  it('waits while the program warms up, while the trend is flat, and between two captures', () => {
    assert.equal(skipReason({ nowMs: START + 1000 }), 'warming-up');
    assert.equal(skipReason({ trend: { ...SITUATION.trend, direction: 'flat' } }), 'no-growth');
    const series = { ...SITUATION.series, captures: 1, lastAtMs: SITUATION.nowMs - 1000 };
    assert.equal(skipReason({ series }), 'spacing');
  });

  it('is taken when something outside the graph rises, to see who holds it', () => {
    const trend = { ...SITUATION.trend, direction: 'flat' as const };
    const signal = 'open sockets rise by 600 a minute';
    const decision = decide({ trend, signal });
    assert.deepEqual(decision, { decision: 'capture', trigger: 'trend', because: signal });
    assert.equal(skipReason({ trend, signal: null }), 'no-growth');
    assert.equal(
      skipReason({ trend, signal, series: { ...SITUATION.series, coolDownUntilMs: SITUATION.nowMs + 1 } }),
      'cooling-down',
    );
  });

  it('is a census, and nothing dearer, when the level of the heap shifted without a slope', () => {
    const shifted = { ...SITUATION.trend, direction: 'flat' as const, shifted: true };
    assert.equal(decide({ trend: shifted, isCensus: true }).decision, 'capture');
    assert.equal(skipReason({ trend: shifted, isCensus: false }), 'no-growth');
    assert.equal(skipReason({ trend: { ...shifted, shifted: false }, isCensus: true }), 'no-growth');
    assert.equal(skipReason({ trend: { ...shifted, direction: 'falling' }, isCensus: true }), 'no-growth');
  });

  it('follows in a running series whatever the trend says', () => {
    const series = { ...SITUATION.series, captures: 2, lastAtMs: SITUATION.nowMs - RULES.captureSpacingMs };
    assert.equal(decide({ series, trend: { ...SITUATION.trend, direction: 'flat' } }).decision, 'capture');
  });

  it('comes ever more seldom in a series that never ends, and seldom once the leak is confirmed', () => {
    const spaced = (captures: number, confirmed: boolean, sinceMs: number) =>
      decide({ series: { ...SITUATION.series, captures, confirmed, lastAtMs: SITUATION.nowMs - sinceMs } })
        .decision;
    assert.equal(spaced(8, false, RULES.captureSpacingMs * 1.15), 'capture');
    assert.equal(spaced(9, false, RULES.captureSpacingMs * 1.15), 'skip');
    assert.equal(spaced(30, false, RULES.confirmedSpacingMs), 'capture');
    assert.equal(spaced(5, true, RULES.confirmedSpacingMs - 1), 'skip');
    assert.equal(spaced(5, true, RULES.confirmedSpacingMs), 'capture');
  });

  it('comes at uneven times, so that no batch can keep step with it', () => {
    const spacing = (captures: number) => {
      const due = decide({ series: { ...SITUATION.series, captures, lastAtMs: SITUATION.nowMs } });
      assert.equal(due.decision, 'skip');
      const [, seconds] = /due in (\d+) s/.exec(due.decision === 'skip' ? due.detail : '')!;
      return Number(seconds) * 1000;
    };
    const spacings = [1, 2, 3, 4, 5, 6].map(spacing);
    assert.ok(new Set(spacings).size > 1);
    for (const one of spacings)
      assert.ok(one >= RULES.captureSpacingMs * 0.85 && one <= RULES.captureSpacingMs * 1.2);
  });

  it('is not tried again soon after a series that found nothing', () => {
    assert.equal(
      skipReason({ series: { ...SITUATION.series, coolDownUntilMs: SITUATION.nowMs + 1 } }),
      'cooling-down',
    );
  });

  it('is refused, with the numbers, when it would pause the service for too long', () => {
    const decision = decide({ predicted: { ...SITUATION.predicted!, pauseMs: 1500 } });
    assert.ok(decision.decision === 'skip' && decision.refused);
    assert.equal(decision.reason, 'pause-over-budget');
    assert.match(decision.detail, /1500 ms.*1000 ms/);
  });

  it('is refused, with the numbers, when the container has too little memory left', () => {
    const decision = decide({ memoryAvailableBytes: 199 * MB });
    assert.ok(decision.decision === 'skip' && decision.refused);
    assert.equal(decision.reason, 'no-memory-headroom');
    assert.match(decision.detail, /62\.9 MB.*41\.9 MB.*209 MB.*105 MB/);
    assert.equal(decide({ memoryAvailableBytes: 201 * MB }).decision, 'capture');
  });

  describe('that costs more CPU than captures have left', () => {
    const cpuBudget = new CpuBudget(0.02);
    cpuBudget.record(SITUATION.nowMs - 600_000, 66);

    it('waits in a series until it fits, and says when', () => {
      const decision = decide({ cpuBudget });
      assert.ok(decision.decision === 'skip' && !decision.refused);
      assert.equal(decision.reason, 'cpu-budget');
      assert.match(decision.detail, /9 s of CPU, and 66 s of the 72 s .* in 3000 s/);
      assert.equal(decide({ cpuBudget, nowMs: SITUATION.nowMs + 3_000_000 }).decision, 'capture');
    });

    it('is refused to the schedule and granted on demand', () => {
      const decision = decide({ cpuBudget, asked: 'schedule' });
      assert.ok(decision.decision === 'skip' && decision.refused);
      assert.equal(decision.reason, 'cpu-budget');
      assert.equal(decide({ cpuBudget, asked: 'demand' }).decision, 'capture');
    });
  });

  it('that someone asked for needs no growth, but keeps the limits', () => {
    const flat = { ...SITUATION.trend, direction: 'flat' as const };
    assert.equal(decide({ asked: 'schedule', trend: flat, nowMs: START }).decision, 'capture');
    assert.equal(skipReason({ asked: 'demand', pauseBudgetMs: 10 }), 'pause-over-budget');
    assert.equal(skipReason({ asked: 'demand', capturing: true }), 'already-capturing');
  });

  it('is never taken where captures are off', () => {
    assert.equal(skipReason({ predicted: null, asked: 'demand' }), 'captures-off');
  });
});
