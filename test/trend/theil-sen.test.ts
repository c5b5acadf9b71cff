import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { theilSen } from '../../src/trend/theil-sen.js';
import type { TrendPoint } from '../../src/trend/trend-point.js';
import { normalNumbers } from './drawn-heap.js';

const points = fc.array(
  fc.record({ ms: fc.integer({ min: 0, max: 200 }), bytes: fc.integer({ min: -50, max: 50 }) }),
  {
    maxLength: 25,
  },
);

/** The definition, with nothing clever: every pair, sorted slopes, the middle one. */
function bruteForceMedian(given: readonly TrendPoint[]): number | null {
  const slopes: number[] = [];
  for (const a of given)
    for (const b of given) if (a.ms < b.ms) slopes.push(((b.bytes - a.bytes) / (b.ms - a.ms)) * 1000);
  slopes.sort((x, y) => x - y);
  const at = (i: number): number => slopes[Math.floor(i)] ?? Number.NaN;
  return slopes.length === 0 ? null : (at((slopes.length - 1) / 2) + at(slopes.length / 2)) / 2;
}

function line(count: number, bytesPerSecond: number, noise: () => number = () => 0): TrendPoint[] {
  return Array.from({ length: count }, (_, i) => ({
    ms: i * 1_000,
    bytes: 1_000 + i * bytesPerSecond + noise(),
  }));
}

function close(a: number | undefined, b: number, message?: string): void {
  assert.ok(
    a !== undefined && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)),
    `${message ?? ''} ${a} is not ${b}`,
  );
}

describe('the Theil–Sen slope', () => {
  it('equals the median of all pair slopes, and lies within its interval', () => {
    fc.assert(
      fc.property(points, (given) => {
        const estimate = theilSen(given);
        const expected = bruteForceMedian(given);
        if (expected === null) return assert.equal(estimate, null);
        close(estimate?.bytesPerSecond, expected);
        assert.ok(
          estimate !== null &&
            estimate.low <= estimate.bytesPerSecond &&
            estimate.bytesPerSecond <= estimate.high,
        );
      }),
    );
  });

  it('follows a shift of level, a shift of time and a change of scale, whatever the order of points', () => {
    fc.assert(
      fc.property(
        points,
        fc.integer({ min: -1_000, max: 1_000 }),
        fc.integer({ min: 1, max: 9 }),
        (given, shift, scale) => {
          const original = theilSen(given);
          if (original === null) return;
          const shifted = theilSen(given.map(({ ms, bytes }) => ({ ms: ms + shift, bytes: bytes + shift })));
          const scaled = theilSen(given.map(({ ms, bytes }) => ({ ms, bytes: bytes * scale })));
          const sheared = theilSen(given.map(({ ms, bytes }) => ({ ms, bytes: bytes + ms * scale })));
          const reversed = theilSen(given.toReversed());
          for (const end of ['bytesPerSecond', 'low', 'high'] as const) {
            close(shifted?.[end], original[end], 'shifted');
            close(scaled?.[end], original[end] * scale, 'scaled');
            close(reversed?.[end], original[end], 'reversed');
          }
          close(sheared?.bytesPerSecond, original.bytesPerSecond + scale * 1000, 'sheared');
        },
      ),
    );
  });

  it('mirrors with the values, interval and all', () => {
    fc.assert(
      fc.property(points, (given) => {
        const original = theilSen(given);
        const mirrored = theilSen(given.map(({ ms, bytes }) => ({ ms, bytes: -bytes })));
        if (original === null) return;
        close(mirrored?.bytesPerSecond, -original.bytesPerSecond);
      }),
    );
  });

  it('is unmoved by outliers as long as they are fewer than 29 %', () => {
    const outliers = fc.uniqueArray(fc.nat(29), { maxLength: 8 });
    fc.assert(
      fc.property(outliers, fc.integer({ min: -500, max: 500 }), fc.integer(), (where, rate, wild) => {
        const given = line(30, rate).map((point, i) =>
          where.includes(i) ? { ...point, bytes: wild } : point,
        );
        close(theilSen(given)?.bytesPerSecond, rate);
      }),
    );
  });

  it('gives the interval of Sen’s paper for data worked out by hand', () => {
    // Ten points without ties: Var S = 10·9·25/18 = 125, 1.959964·√125 = 21.91; of 45 slopes, ranks 12 and 33 (from 1)
    // up to rounding: (45 − 21.91)/2 = 11.54 → 12th, (45 + 21.91)/2 = 33.46 → index 33, the 34th.
    const bytes = [1, 4, 2, 8, 5, 7, 12, 9, 14, 11];
    const given = bytes.map((value, i) => ({ ms: i * 1_000, bytes: value }));
    const slopes: number[] = [];
    bytes.forEach((a, i) => {
      bytes.slice(i + 1).forEach((b, gap) => {
        slopes.push((b - a) / (gap + 1));
      });
    });
    slopes.sort((a, b) => a - b);
    const estimate = theilSen(given);
    close(estimate?.low, slopes[11] ?? Number.NaN);
    close(estimate?.high, slopes[33] ?? Number.NaN);
    close(estimate?.bytesPerSecond, slopes[22] ?? Number.NaN);
  });

  it('has an interval that covers the true slope about as often as promised', () => {
    let covered = 0;
    const runs = 400;
    for (let seed = 1; seed <= runs; seed++) {
      const noise = normalNumbers(seed * 7_919);
      const estimate = theilSen(line(20, 50, () => noise() * 300));
      if (estimate !== null && estimate.low <= 50 && 50 <= estimate.high) covered++;
    }
    assert.ok(covered >= 0.92 * runs && covered <= 0.99 * runs, `${covered} of ${runs}`);
  });

  it('of three points is positive with confidence only when the series rose at every step', () => {
    const of = (...bytes: number[]) => theilSen(bytes.map((value, i) => ({ ms: i * 1_000, bytes: value })));
    assert.ok((of(1, 2, 4)?.low ?? 0) > 0);
    assert.ok((of(1, 4, 3)?.low ?? 0) < 0);
    assert.ok((of(1, 1, 4)?.low ?? 1) <= 0);
  });

  it('thins long series evenly and the same way each time', () => {
    const long = line(5_000, 40);
    close(theilSen(long)?.bytesPerSecond, 40);
    assert.deepEqual(theilSen(long), theilSen(long));
    assert.deepEqual(
      theilSen(line(9, 3), undefined, 5),
      theilSen([0, 2, 4, 6, 8].map((i) => line(9, 3)[i] ?? { ms: 0, bytes: 0 })),
    );
  });

  it('is null for fewer than two moments', () => {
    for (const given of [
      [],
      [{ ms: 5, bytes: 1 }],
      [
        { ms: 5, bytes: 1 },
        { ms: 5, bytes: 9 },
      ],
    ]) {
      assert.equal(theilSen(given), null);
    }
  });
});
