import { isShiftedUpwards } from './cusum.js';
import { type EnvelopeSlope, envelopeSlope } from './lower-envelope.js';
import { type SlopeEstimate, theilSen } from './theil-sen.js';
import type { TrendPoint } from './trend-point.js';

/** What the points of a trend are, best first: the heap after the GC of the watcher's own captures, the heap after V8's own full GCs, or old space after any cycle (an upper bound). */
export type TrendBasis = 'capture' | 'major-gc' | 'upper-bound';

type TrendDirection = 'rising' | 'flat' | 'falling' | 'unknown';

/** How the live heap changes over one window. It never decides whether there is a leak, only whether the next layer looks. */
export interface TrendVerdict {
  readonly direction: TrendDirection;
  readonly basis: TrendBasis;
  /** Theil–Sen slope and the ends of its confidence interval, bytes per second; 0 while `unknown`. */
  readonly bytesPerSecond: number;
  readonly low: number;
  readonly high: number;
  /** Time between the first and the last point, milliseconds. */
  readonly windowMs: number;
  readonly points: number;
  /** True if the control chart (CUSUM) signals an upward shift of the level within the window. */
  readonly shifted: boolean;
}

export interface TrendRules {
  /** Points that a trend of full GCs, or of old space, needs at least. */
  readonly minPoints: number;
  /** Time that the points must span at least, milliseconds. */
  readonly minWindowMs: number;
  /** Slopes up to this count as flat, bytes per second. */
  readonly minBytesPerSecond: number;
}

/** Captures are few but exact. */
const MIN_CAPTURE_POINTS = 3;
/** Old space is judged by its lower envelope, which needs more points than it keeps. */
const MIN_UPPER_POINTS = 8;
/** Points from which slopes are computed: 64 give 2,016 slopes, a fraction of a millisecond. */
const MAX_SLOPE_POINTS = 64;

/**
 * Judges one window by the first usable basis: full GCs, captures, old space. A basis is usable if it has enough points
 * over enough time and is not stale, that is, if the time since its last point is no longer than the time it spans
 * (full GCs that all lie at the start say nothing about the present).
 *
 * `rising` requires the whole interval above `minBytesPerSecond`, `falling` the whole interval below its negative.
 */
export function judgeTrend(
  series: Readonly<Record<TrendBasis, readonly TrendPoint[]>>,
  rules: TrendRules,
): TrendVerdict {
  const candidates = [
    { basis: 'major-gc', minPoints: Math.max(2, rules.minPoints) },
    { basis: 'capture', minPoints: MIN_CAPTURE_POINTS },
    { basis: 'upper-bound', minPoints: Math.max(MIN_UPPER_POINTS, rules.minPoints) },
  ] as const;
  const newestMs = Math.max(...candidates.map(({ basis }) => series[basis].at(-1)?.ms ?? 0));
  for (const { basis, minPoints } of candidates) {
    const points = series[basis];
    const windowMs = spanOf(points);
    const ageMs = newestMs - (points.at(-1)?.ms ?? 0);
    if (points.length < minPoints || windowMs < rules.minWindowMs || ageMs > windowMs) continue;
    const judged = basis === 'upper-bound' ? envelopeSlope(points, rules.minPoints) : exactSlope(points);
    if (judged === null) continue;
    const { slope, points: carrying, canFall } = judged;
    const shifted = isShiftedUpwards(carrying.map(({ bytes }) => bytes));
    const direction = directionOf(slope, canFall, rules);
    return { direction, basis, ...slope, windowMs, points: points.length, shifted };
  }
  const points = series['upper-bound'];
  return {
    direction: 'unknown',
    basis: 'upper-bound',
    bytesPerSecond: 0,
    low: 0,
    high: 0,
    windowMs: spanOf(points),
    points: points.length,
    shifted: false,
  };
}

function exactSlope(points: readonly TrendPoint[]): EnvelopeSlope | null {
  const slope = theilSen(points, undefined, MAX_SLOPE_POINTS);
  return slope === null ? null : { slope, points, canFall: true };
}

function directionOf(slope: SlopeEstimate, canFall: boolean, rules: TrendRules): TrendDirection {
  if (slope.low > rules.minBytesPerSecond) return 'rising';
  return canFall && slope.high < -rules.minBytesPerSecond ? 'falling' : 'flat';
}

function spanOf(points: readonly TrendPoint[]): number {
  return (points.at(-1)?.ms ?? 0) - (points[0]?.ms ?? 0);
}
