import { type SlopeEstimate, theilSen } from './theil-sen.js';
import type { TrendPoint } from './trend-point.js';

/** A fall of this fraction of the range, and of this many bytes, is a full GC and not noise. */
const FALL_PART = 0.1;
const LEAST_FALL_BYTES = 64 * 1024;
/** Equal time spans whose lowest points represent a series that never fell. */
const SPANS = 16;
/** If there are more troughs, this many evenly spaced ones are used. */
const MAX_TROUGHS = 64;
/** Uncertainty of a trough, as a fraction of the range: what was in flight at the full GC. */
const TROUGH_DOUBT_PART = 0.05;

/** The slope of a lower envelope, and the points that carry it. */
export interface EnvelopeSlope {
  readonly slope: SlopeEstimate;
  readonly points: readonly TrendPoint[];
  /** False if the interval is only a lower bound, so that a negative slope means nothing. */
  readonly canFall: boolean;
}

/**
 * Judges old space, as it is after any cycle, by its lower envelope. Between full GCs it fills with promoted garbage
 * and climbs in every healthy program, so this sawtooth is not growth. Only the troughs, right after full GCs, are near
 * the live heap, and full GCs can be minutes apart.
 *
 * - `minTroughs` troughs or more: the Theil–Sen slope of the troughs.
 * - Two or more: the slope from the first trough to the last. The first may be just the start of the window, in the
 *   middle of a tooth; the live heap was no higher than that, so it grew at least by the difference.
 * - One, the series never fell: the Theil–Sen slope of the lowest points of equal spans. Here promoted garbage cannot
 *   be distinguished from a leak, so this may rise in a healthy program until its first full GC.
 *
 * Null if there is no slope.
 */
export function envelopeSlope(points: readonly TrendPoint[], minTroughs: number): EnvelopeSlope | null {
  const bytes = points.map((point) => point.bytes);
  const range = Math.max(...bytes) - Math.min(...bytes);
  const troughs = troughsOf(points, Math.max(LEAST_FALL_BYTES, range * FALL_PART));
  if (troughs.length >= 2 && troughs.length < minTroughs) {
    const slope = boundedSlope(troughs, range * TROUGH_DOUBT_PART);
    return slope === null ? null : { slope, points: troughs, canFall: false };
  }
  const carrying = troughs.length >= 2 ? troughs : lowestOfSpans(points);
  const slope = theilSen(carrying, undefined, MAX_TROUGHS);
  return slope === null ? null : { slope, points: carrying, canFall: true };
}

/**
 * Local minima at least `fall` below what precedes and follows them. The start counts if the series rises from there,
 * the end if the series has fallen to it.
 */
function troughsOf(points: readonly TrendPoint[], fall: number): readonly TrendPoint[] {
  const troughs: TrendPoint[] = [];
  let low = points[0]!;
  let peak: TrendPoint | null = null;
  for (const point of points) {
    if (peak !== null) {
      if (point.bytes > peak.bytes) peak = point;
      if (peak.bytes - point.bytes < fall) continue;
      peak = null;
      low = point;
    }
    if (point.bytes < low.bytes) low = point;
    if (point.bytes - low.bytes < fall) continue;
    troughs.push(low);
    peak = point;
  }
  if (peak === null) troughs.push(low);
  return troughs;
}

function lowestOfSpans(points: readonly TrendPoint[]): readonly TrendPoint[] {
  const first = points[0]?.ms ?? 0;
  const width = ((points.at(-1)?.ms ?? 0) - first) / SPANS;
  const lowest = new Map<number, TrendPoint>();
  for (const point of points) {
    const span = Math.min(SPANS - 1, Math.floor((point.ms - first) / Math.max(width, 1)));
    const known = lowest.get(span);
    if (known === undefined || point.bytes < known.bytes) lowest.set(span, point);
  }
  return [...lowest.values()];
}

function boundedSlope(troughs: readonly TrendPoint[], doubt: number): SlopeEstimate | null {
  const [first, last] = [troughs[0]!, troughs.at(-1)!];
  if (last.ms <= first.ms) return null;
  const perSecond = (bytes: number): number => (bytes / (last.ms - first.ms)) * 1000;
  const growth = last.bytes - first.bytes;
  return {
    bytesPerSecond: perSecond(growth),
    low: perSecond(growth - doubt),
    high: perSecond(growth + doubt),
  };
}
