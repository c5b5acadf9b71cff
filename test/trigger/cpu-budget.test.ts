import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PACE_RULES } from '../../src/pace/pace.js';
import { CpuBudget } from '../../src/trigger/cpu-budget.js';
import { seededRandom } from '../support/seeded-random.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = 1_700_000_000_000;

describe('The CPU budget of captures', () => {
  it('is 72 seconds an hour at production pace, spent and given back', () => {
    const budget = new CpuBudget(PACE_RULES.production.captureCpuShare);
    for (let capture = 0; capture < 8; capture++) {
      const atMs = START + capture * 3 * MINUTE;
      assert.equal(budget.shortage(atMs, 9), null);
      budget.record(atMs, 9);
    }
    const nowMs = START + 24 * MINUTE;
    assert.deepEqual(budget.shortage(nowMs, 9), {
      spentSeconds: 72,
      predictedSeconds: 9,
      budgetSeconds: 72,
      waitMs: START + HOUR - nowMs,
    });
    assert.notEqual(budget.shortage(START + HOUR - 1, 9), null);
    assert.equal(budget.shortage(START + HOUR, 9), null);
    assert.notEqual(budget.shortage(START + HOUR, 10), null);
  });

  it('names the moment at which enough old captures have left the hour', () => {
    const budget = new CpuBudget(0.02);
    budget.record(START, 10);
    budget.record(START + 10 * MINUTE, 20);
    budget.record(START + 20 * MINUTE, 40);
    const fromMs = START + 30 * MINUTE;
    const fitsAtMs = fromMs + (budget.shortage(fromMs, 30)?.waitMs ?? 0);
    assert.equal(fitsAtMs, START + HOUR + 10 * MINUTE);
    assert.notEqual(budget.shortage(fitsAtMs - 1, 30), null);
    assert.equal(budget.shortage(fitsAtMs, 30), null);
  });

  it('lets the first capture of a free hour pass whatever it costs, and has it paid off before the next', () => {
    const budget = new CpuBudget(0.02);
    assert.equal(budget.shortage(START, 100), null);
    budget.record(START, 108);
    const fitsAtMs = START + HOUR + (budget.shortage(START + HOUR, 1)?.waitMs ?? 0);
    assert.equal(fitsAtMs, START + 1.5 * HOUR);
    assert.equal(budget.shortage(fitsAtMs, 108), null);
  });

  it('is never blocked for longer than six hours, however much a capture is said to have cost', () => {
    const budget = new CpuBudget(0.02);
    budget.record(START, 1e9);
    assert.notEqual(budget.shortage(START + 6 * HOUR - 1, 1), null);
    assert.equal(budget.shortage(START + 6 * HOUR, 1), null);
  });

  it('does not wait for a clock that was set back', () => {
    const budget = new CpuBudget(0.02);
    budget.record(START, 72);
    assert.equal(budget.shortage(START - 100 * HOUR, 9), null);
  });

  it('does not hinder captures every eight seconds at the pace fast', () => {
    const budget = new CpuBudget(PACE_RULES.fast.captureCpuShare);
    for (let atMs = START; atMs < START + 3 * HOUR; atMs += 8000) {
      assert.equal(budget.shortage(atMs, 4), null);
      budget.record(atMs, 4);
    }
  });

  it('keeps the average over any day whatever captures are predicted to cost and turn out to cost', () => {
    const random = seededRandom(7);
    const budget = new CpuBudget(0.02);
    let spent = 0;
    let captures = 0;
    let dearest = 0;
    for (let atMs = START; atMs < START + 24 * HOUR; atMs += MINUTE) {
      const predicted = 1 + random.below(30);
      if (budget.shortage(atMs, predicted) !== null) continue;
      const took = predicted * (0.5 + random.below(100) / 100);
      budget.record(atMs, took);
      spent += took;
      captures += 1;
      dearest = Math.max(dearest, took);
    }
    assert.ok(captures > 48, `${captures} captures`);
    assert.ok(spent <= 25 * 72 + dearest, `${spent} s of CPU in a day`);
  });

  it('agrees with a plain sum over the last hour to within a minute of its edge', () => {
    const random = seededRandom(11);
    const budget = new CpuBudget(0.02);
    const all: { atMs: number; seconds: number }[] = [];
    const spentSince = (fromMs: number) =>
      all.filter(({ atMs }) => atMs > fromMs).reduce((total, { seconds }) => total + seconds, 0);
    for (let atMs = START; atMs < START + 5 * HOUR; atMs += 1000 * (1 + random.below(60))) {
      const seconds = random.below(20) / 10;
      const shortage = budget.shortage(atMs, seconds);
      if (spentSince(atMs - HOUR - MINUTE) + seconds < 71.99) assert.equal(shortage, null);
      if (spentSince(atMs - HOUR) + seconds > 72.01) assert.notEqual(shortage, null);
      if (shortage === null) {
        budget.record(atMs, seconds);
        all.push({ atMs, seconds });
      }
    }
    assert.ok(all.length > 300);
  });
});
