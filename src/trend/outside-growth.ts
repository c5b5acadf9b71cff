import { levelsOff, STEEP_DECLINE, type StepRates, seriesRates } from './levelling-off.js';
import { type SlopeEstimate, theilSen } from './theil-sen.js';
import type { TrendPoint } from './trend-point.js';

export type OutsideKind = 'external' | 'native' | 'handles' | 'contexts';

/** One series of samples outside the graph, as its lower envelope. Values are bytes (external, native) or counts. */
export interface OutsideSeries {
  readonly kind: OutsideKind;
  /** What is counted: a type of handle as Node names it, or `external`, `native`, `NativeContext`, `FileDescriptor`. */
  readonly type: string;
  readonly floors: readonly TrendPoint[];
  /** The highest earlier floor; minus infinity if no floor is earlier. */
  readonly peak: number;
  /** Values right after full GCs, for series that count garbage until it is collected; else null. */
  readonly collected: readonly TrendPoint[] | null;
  /** Requests served so far (or made, where none are served), by time; empty if not counted. */
  readonly traffic: readonly TrendPoint[];
}

/** What growth must amount to. */
export interface GrowthAmount {
  readonly gain: number;
  /** Last value divided by the first; 1 if the growth may be a small part of the whole. */
  readonly ratio: number;
}

/** Growth without a break, up to now. */
export interface OutsideGrowth extends Pick<OutsideSeries, 'kind' | 'type' | 'collected'> {
  /** Its floors, oldest first; each is higher than the one before. */
  readonly points: readonly TrendPoint[];
  /** How many steps in a row went up. */
  readonly rises: number;
  readonly spanMs: number;
  readonly first: number;
  readonly last: number;
  readonly gained: number;
  /** Bytes or counts per second. The interval treats points as independent, so random accumulation varies more than it says. */
  readonly slope: SlopeEstimate;
  /** Of a few even steps, to see whether it levels off. */
  readonly pace: StepRates;
}

/** So many slots are joined into one, to see slow or uneven growth over a longer time. */
const SCALES = [1, 2, 4] as const;
/** The earlier peak must be exceeded by this part of the growth: a series that fills and empties returns to about the same height. */
const BEYOND_PART = 0.1;

/**
 * Judges one series: null unless its floors rose at each of the latest steps, `leastRises` or more, by a material amount,
 * beyond their earlier peak, and without levelling off. A floor is the lowest value of a slot of time, so a rise and fall
 * within a slot is not seen; a slower one shows as a break, or in the peak.
 */
export function judgeGrowth(
  series: OutsideSeries,
  amount: GrowthAmount,
  leastRises: number,
): OutsideGrowth | null {
  let longest: OutsideGrowth | null = null;
  for (const scale of SCALES) {
    const needed = Math.max(leastRises, (longest?.rises ?? 0) + 1);
    longest = growthIn(series, joined(series.floors, scale), amount, needed) ?? longest;
  }
  return longest;
}

function growthIn(
  series: OutsideSeries,
  floors: readonly TrendPoint[],
  amount: GrowthAmount,
  leastRises: number,
): OutsideGrowth | null {
  const points = latestRise(floors);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length <= Math.max(2, leastRises)) return null;
  const gained = last.bytes - first.bytes;
  if (gained < amount.gain || last.bytes < first.bytes * amount.ratio) return null;
  const before = floors.slice(0, floors.length - points.length).map(({ bytes }) => bytes);
  if (last.bytes <= Math.max(series.peak, ...before) + gained * BEYOND_PART) return null;
  const pace = seriesRates(points, series.traffic);
  if (levelsOff(pace.rates).paceRatio <= STEEP_DECLINE.estimates) return null;
  const slope = theilSen(points);
  if (slope === null || slope.low <= 0) return null;
  return {
    kind: series.kind,
    type: series.type,
    points,
    rises: points.length - 1,
    spanMs: last.ms - first.ms,
    first: first.bytes,
    last: last.bytes,
    gained,
    slope,
    pace,
    collected: series.collected?.filter(({ ms }) => ms >= first.ms) ?? null,
  };
}

/** The lowest of each `scale` floors, counted from the newest; an incomplete group at the beginning is left out. */
function joined(floors: readonly TrendPoint[], scale: number): readonly TrendPoint[] {
  if (scale === 1) return floors;
  const groups: TrendPoint[] = [];
  for (let from = floors.length % scale; from < floors.length; from += scale) {
    groups.push(
      floors.slice(from, from + scale).reduce((low, point) => (point.bytes < low.bytes ? point : low)),
    );
  }
  return groups;
}

function latestRise(floors: readonly TrendPoint[]): readonly TrendPoint[] {
  let from = floors.length - 1;
  while (from > 0 && floors[from]!.bytes > floors[from - 1]!.bytes) from -= 1;
  return floors.slice(Math.max(0, from));
}
