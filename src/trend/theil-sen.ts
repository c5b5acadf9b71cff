import type { TrendPoint } from './trend-point.js';

/** Bytes per second. `low` and `high` are the ends of the confidence interval. */
export interface SlopeEstimate {
  readonly bytesPerSecond: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided normal quantile of a 95 % interval. */
const Z_95 = 1.959964;
/** 256 points give 32,640 slopes, which take a few milliseconds to sort. Of more points, this many evenly spaced ones are used. */
const MAX_POINTS = 256;

/**
 * Theil–Sen slope: the median of the slopes of all pairs (Theil 1950), with Sen's interval (Sen 1968, section 6), whose
 * ranks follow from the variance of Kendall's S with ties in time and value. Robust while fewer than about 29 % of the
 * points are outliers. Null if no two points differ in time.
 *
 * Deviation: a rank beyond the first or last slope becomes the first or last. With fewer than five points the interval
 * therefore covers less than 95 % (three points 67 %, four 92 %): the slope is then positive with confidence if the
 * series rose at every step.
 */
export function theilSen(
  points: readonly TrendPoint[],
  z: number = Z_95,
  maxPoints: number = MAX_POINTS,
): SlopeEstimate | null {
  const used = thinned(points, maxPoints);
  const slopes = pairSlopes(used).sort();
  const pairs = slopes.length;
  if (pairs === 0) return null;
  const spread = z * Math.sqrt(kendallVariance(used));
  const lowRank = Math.max(0, Math.round((pairs - spread) / 2) - 1);
  const highRank = Math.min(pairs - 1, Math.round((pairs + spread) / 2));
  return { bytesPerSecond: middleOf(slopes), low: slopes[lowRank]!, high: slopes[highRank]! };
}

function pairSlopes(points: readonly TrendPoint[]): Float64Array {
  const slopes = new Float64Array((points.length * (points.length - 1)) / 2);
  let count = 0;
  points.forEach((later, j) => {
    for (let i = 0; i < j; i++) {
      const earlier = points[i]!;
      if (earlier.ms === later.ms) continue;
      slopes[count++] = ((later.bytes - earlier.bytes) / (later.ms - earlier.ms)) * 1000;
    }
  });
  return slopes.subarray(0, count);
}

/** Variance of Kendall's S, without the third-order terms, which matter only if both time and value are tied. */
function kendallVariance(points: readonly TrendPoint[]): number {
  const term = (n: number): number => n * (n - 1) * (2 * n + 5);
  let sum = term(points.length);
  for (const values of [points.map((point) => point.ms), points.map((point) => point.bytes)]) {
    for (const size of tieSizes(values)) sum -= term(size);
  }
  return Math.max(0, sum / 18);
}

function tieSizes(values: readonly number[]): Iterable<number> {
  const sizes = new Map<number, number>();
  for (const value of values) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return sizes.values();
}

/** `max` points evenly spaced by rank, including the first and the last. */
export function thinned(points: readonly TrendPoint[], max: number): readonly TrendPoint[] {
  if (points.length <= max) return points;
  const step = (points.length - 1) / (max - 1);
  return Array.from({ length: max }, (_, i) => points[Math.round(i * step)]!);
}

export function median(values: readonly number[]): number {
  return middleOf(values.toSorted((a, b) => a - b));
}

function middleOf(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
