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
  predicted: { pauseMs: 300, memoryBytes: 60 * MB, concurrentBytes: 40 * MB, cpuSeconds: 9 },
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
  risesOutside: false,
  isCensus: false,
  series: { captures: 0, lastAtMs: null, flat: 0, coolDownUntilMs: 0, confirmed: false },
};

function decide(change: Partial<CaptureSituation>) {
  return decideCapture({ ...SITUATION, ...change }, RULES);
}

function skipReason(change: Partial<CaptureSituation>): string {
  const decision = decide(change);
  assert.equal(decision.decision, 'skip');
  return decision.why.code;
}

describe('A capture', () => {
  it('is taken when the heap grows', () => {
    assert.deepEqual(decide({}), { decision: 'capture', trigger: 'trend' });
  });

  it('waits while the program warms up, while the trend is flat, and between two captures', () => {
    assert.equal(skipReason({ nowMs: START + 1000 }), 'warming-up');
    assert.equal(skipReason({ trend: { ...SITUATION.trend, direction: 'flat' } }), 'no-growth');
    const series = { ...SITUATION.series, captures: 1, lastAtMs: SITUATION.nowMs - 1000 };
    assert.equal(skipReason({ series }), 'spacing');
  });

  it('is taken when something outside the graph rises, to see who holds it', () => {
    const trend = { ...SITUATION.trend, direction: 'flat' as const };
    assert.deepEqual(decide({ trend, risesOutside: true }), { decision: 'capture', trigger: 'trend' });
    assert.equal(skipReason({ trend, risesOutside: false }), 'no-growth');
    const series = { ...SITUATION.series, coolDownUntilMs: SITUATION.nowMs + 1 };
    assert.equal(skipReason({ trend, risesOutside: true, series }), 'cooling-down');
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
      assert.ok(due.decision === 'skip' && due.why.code === 'spacing');
      return due.why.waitMs;
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
    assert.deepEqual(decision.why, { code: 'pause-over-budget', pauseMs: 1500, budgetMs: 1000 });
  });

  it('is refused, with the numbers, when the container has too little memory left', () => {
    const decision = decide({ memoryAvailableBytes: 199 * MB });
    assert.ok(decision.decision === 'skip' && decision.refused);
    assert.deepEqual(decision.why, {
      code: 'no-memory-headroom',
      memoryBytes: 60 * MB,
      concurrentBytes: 40 * MB,
      availableBytes: 199 * MB,
      reserveBytes: 100 * MB,
    });
    assert.equal(decide({ memoryAvailableBytes: 201 * MB }).decision, 'capture');
  });

  describe('that costs more CPU than captures have left', () => {
    const cpuBudget = new CpuBudget(0.02);
    cpuBudget.record(SITUATION.nowMs - 600_000, 66);

    it('waits in a series until it fits, and says when', () => {
      const decision = decide({ cpuBudget });
      assert.ok(decision.decision === 'skip' && !decision.refused);
      assert.deepEqual(decision.why, {
        code: 'cpu-budget',
        predictedSeconds: 9,
        spentSeconds: 66,
        budgetSeconds: 72,
        waitMs: 3_000_000,
      });
      assert.equal(decide({ cpuBudget, nowMs: SITUATION.nowMs + 3_000_000 }).decision, 'capture');
    });

    it('is refused to the schedule and granted on demand', () => {
      const decision = decide({ cpuBudget, asked: 'schedule' });
      assert.ok(decision.decision === 'skip' && decision.refused);
      assert.equal(decision.why.code, 'cpu-budget');
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
