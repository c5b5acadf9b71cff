import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TrendPoint } from '../../src/trend/trend-point.js';
import {
  judgeTrend,
  type TrendBasis,
  type TrendRules,
  type TrendVerdict,
} from '../../src/trend/trend-verdict.js';
import { type DrawnHeap, drawHeap, normalNumbers } from './drawn-heap.js';

const MB = 2 ** 20;
const RULES: TrendRules = { minPoints: 5, minWindowMs: 20_000, minBytesPerSecond: 10_000 };
const LEAK = 80_000;

function judge(
  series: Partial<Record<TrendBasis, readonly TrendPoint[]>>,
  rules: TrendRules = RULES,
): TrendVerdict {
  return judgeTrend({ capture: [], 'major-gc': [], 'upper-bound': [], ...series }, rules);
}

function steady(count: number, stepMs: number, bytesPerSecond: number, fromMs = 0): TrendPoint[] {
  return Array.from({ length: count }, (_, i) => ({
    ms: fromMs + i * stepMs,
    bytes: 20 * MB + (bytesPerSecond * i * stepMs) / 1000,
  }));
}

function saw(change: Partial<DrawnHeap>): ReturnType<typeof drawHeap> {
  return drawHeap({
    seconds: 90,
    liveBytes: 20 * MB,
    leakBytesPerSecond: 0,
    garbageBytesPerSecond: 400_000,
    secondsBetweenMajors: 30,
    firstMajor: 10,
    ...change,
  });
}

describe('the trend verdict', () => {
  it('takes full GCs first, then captures, then old space', () => {
    const upper = steady(60, 1_000, 0);
    const captures = steady(3, 15_000, LEAK);
    assert.equal(
      judge({ 'upper-bound': upper, capture: captures, 'major-gc': steady(5, 10_000, 0) }).basis,
      'major-gc',
    );
    assert.equal(
      judge({ 'upper-bound': upper, capture: captures, 'major-gc': steady(4, 10_000, 0) }).basis,
      'capture',
    );
    assert.equal(judge({ 'upper-bound': upper, capture: captures.slice(1) }).basis, 'upper-bound');
  });

  it('reports rate, interval, window and number of points', () => {
    const verdict = judge({ 'major-gc': steady(6, 10_000, LEAK) });
    assert.deepEqual(verdict, {
      direction: 'rising',
      basis: 'major-gc',
      bytesPerSecond: LEAK,
      low: LEAK,
      high: LEAK,
      windowMs: 50_000,
      points: 6,
      shifted: false,
    });
  });

  it('is unknown with too few points or too short a time', () => {
    const unknown = { direction: 'unknown', bytesPerSecond: 0, low: 0, high: 0, shifted: false } as const;
    assert.deepEqual(judge({}), { ...unknown, basis: 'upper-bound', windowMs: 0, points: 0 });
    const few = judge({ 'upper-bound': steady(7, 5_000, LEAK), 'major-gc': steady(4, 10_000, LEAK) });
    assert.deepEqual(few, { ...unknown, basis: 'upper-bound', windowMs: 30_000, points: 7 });
    assert.equal(judge({ 'major-gc': steady(10, 1_000, LEAK) }).direction, 'unknown');
  });

  it('does not judge the present by full GCs at the start', () => {
    const verdict = judge({ 'major-gc': steady(6, 5_000, LEAK), 'upper-bound': steady(300, 1_000, 0) });
    assert.deepEqual([verdict.basis, verdict.direction], ['upper-bound', 'flat']);
  });

  it('needs the whole interval above the least rate', () => {
    assert.equal(judge({ 'major-gc': steady(8, 5_000, 9_000) }).direction, 'flat');
    assert.equal(judge({ 'major-gc': steady(8, 5_000, -LEAK) }).direction, 'falling');
    const doubtful = steady(8, 5_000, 12_000).map((point, i) => ({
      ...point,
      bytes: point.bytes + (i % 2) * 2 * MB,
    }));
    assert.equal(judge({ 'major-gc': doubtful }).direction, 'flat');
  });

  it('rarely rises on noise alone', () => {
    let rising = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const noise = normalNumbers(seed * 15_485_863);
      const points = steady(12, 5_000, 0).map((point) => ({
        ...point,
        bytes: point.bytes + noise() * 3 * MB,
      }));
      if (judge({ 'major-gc': points }).direction === 'rising') rising++;
    }
    assert.ok(rising <= 10, `${rising} of 200`);
  });

  it('says when the level shifted', () => {
    const step = steady(30, 2_000, 0).map((point, i) => ({
      ...point,
      bytes: point.bytes + (i > 20 ? 4 * MB : 0),
    }));
    assert.equal(judge({ 'major-gc': step }).shifted, true);
    assert.equal(judge({ 'major-gc': steady(30, 2_000, 0) }).shifted, false);
  });
});

describe('old space as upper bound', () => {
  it('rises if it never fell, since a leak cannot be distinguished from promoted garbage then', () => {
    const verdict = judge({ 'upper-bound': saw({ secondsBetweenMajors: 1_000, firstMajor: 500 }).upper });
    assert.deepEqual([verdict.direction, verdict.basis], ['rising', 'upper-bound']);
  });

  it('of a healthy sawtooth is flat, wherever the window begins and however few teeth it has', () => {
    for (let firstMajor = 2; firstMajor <= 60; firstMajor++) {
      for (const secondsBetweenMajors of [7, 13, 30, 60]) {
        const { upper } = saw({ firstMajor: firstMajor % secondsBetweenMajors, secondsBetweenMajors });
        const last = upper.findLast((point) => point.bytes === 20 * MB)?.ms ?? 0;
        if (last < 10_000) continue;
        const verdict = judge({ 'upper-bound': upper });
        assert.equal(
          verdict.direction,
          'flat',
          `first at ${firstMajor} s, then every ${secondsBetweenMajors} s`,
        );
      }
    }
  });

  it('of a leak under a sawtooth rises at about the rate of the leak', () => {
    for (const [firstMajor, secondsBetweenMajors] of [
      [5, 9],
      [3, 15],
      [25, 26],
      [1, 40],
    ] as const) {
      const { upper } = saw({ firstMajor, secondsBetweenMajors, leakBytesPerSecond: 300_000 });
      const verdict = judge({ 'upper-bound': upper });
      const label = `every ${secondsBetweenMajors} s: ${verdict.direction} at ${verdict.bytesPerSecond}`;
      assert.equal(verdict.direction, 'rising', label);
      assert.ok(verdict.bytesPerSecond <= 310_000 && verdict.high >= 100_000, label);
    }
  });

  it('of a leak with one full GC after a minute rises by the certain part', () => {
    const { upper } = saw({ firstMajor: 60, secondsBetweenMajors: 60, leakBytesPerSecond: 100_000 });
    const verdict = judge({ 'upper-bound': upper });
    assert.deepEqual([verdict.direction, Math.round(verdict.bytesPerSecond)], ['rising', 100_000]);
  });

  it('never counts a fall from within the first tooth as falling', () => {
    const { upper } = saw({ firstMajor: 5, secondsBetweenMajors: 40, seconds: 60 });
    assert.equal(judge({ 'upper-bound': upper }).direction, 'flat');
  });

  it('of an idle program is flat', () => {
    const idle = steady(60, 1_000, 0).map((point, i) => ({ ...point, bytes: point.bytes + (i % 4) * 3_000 }));
    assert.equal(judge({ 'upper-bound': idle }).direction, 'flat');
  });
});
