import { median, theilSen, thinned } from './theil-sen.js';
import type { TrendPoint } from './trend-point.js';

/** Growth between two neighbouring observations. */
export interface StepRate {
  /** Middle of the step: seconds, or requests, since the run began. */
  readonly at: number;
  /** Members or bytes, per second or per request. */
  readonly rate: number;
}

/**
 * Whether growth slows down like that of a filling cache: a memo, a template cache, keys that were all seen once. The rate
 * of a cache falls with the room that is left (coupon collector: exponentially); the rate of a leak stays.
 *
 * The slope of the step rates is Theil and Sen's (Theil 1950, Sen 1968), which one burst does not move; whether it falls
 * is Mann's test (Mann 1945, "Nonparametric tests against trend"), read off Sen's interval: its upper end is below 0.
 *
 * Deviations: the level is low (one-sided 21 %; 12 % with five rates), because a finding that is held back is checked again
 * soon, while a false alarm stays; and a large decline needs no significance. Simulated (test/findings/verdict/look-alikes.test.ts):
 * a fill whose time constant is up to twice the observed time is recognised nearly always.
 */
export interface LevellingOff {
  readonly levels: boolean;
  /** Rate at the end of the run as a part of the rate at its beginning. */
  readonly paceRatio: number;
  /** Growth that is still to come until the level is reached; null if the rate does not fall. */
  readonly remaining: number | null;
  /**
   * The latest rate as a part of the usual one, if it is the first to be this slow: a collection that fills evenly and is
   * suddenly full shows no other sign. Null otherwise; two slow rates in a row are the new rate, such as under less load.
   */
  readonly latestRatio: number | null;
}

/** Fewer rates show no decline. */
const MIN_RATES = 2;
/** Quantile of the interval of the slope. */
const Z = 0.8;
/** A rate that is down to this part of what it was levels off, significant or not. */
const LARGE_DECLINE = 0.7;
/** A smaller decline than this, significant or not, may come from the load. */
const SMALL_DECLINE = 0.9;
/**
 * Growth that is down to this part is no finding yet. Counts of members are exact; floors of a series and a profiler's
 * estimates vary by themselves.
 */
export const STEEP_DECLINE = { counts: 0.5, estimates: 1 / 3 } as const;
/** The latest rate is slow below this part of the usual one, which is the median of so many before it. */
const LATEST_PART = 0.5;
const USUAL_RATES = 6;
/** Of floors and of a profiler's estimates: shorter steps than this part of the run are noise. */
const MOST_STEPS = 6;

/** The one test of levelling off: for paths in the graph, series outside it, and allocation sites. */
export function levelsOff(rates: readonly StepRate[]): LevellingOff {
  const decline = declineOf(rates);
  return { ...decline, latestRatio: decline.levels ? null : latestRatioOf(rates) };
}

function declineOf(rates: readonly StepRate[]): Omit<LevellingOff, 'latestRatio'> {
  const none = { levels: false, paceRatio: 1, remaining: null };
  if (rates.length < MIN_RATES) return none;
  // The axis may be requests: the unit of the slope cancels out below.
  const slope = theilSen(
    rates.map(({ at, rate }) => ({ ms: at * 1000, bytes: rate })),
    Z,
  );
  const [first, last] = [rates[0]!, rates.at(-1)!];
  if (slope === null || slope.bytesPerSecond >= 0) return none;
  const centre = median(rates.map(({ at }) => at));
  const middle = median(rates.map(({ rate }) => rate));
  const paceAt = (at: number) => middle + slope.bytesPerSecond * (at - centre);
  const paceRatio = Math.max(0, paceAt(last.at)) / Math.max(Number.MIN_VALUE, paceAt(first.at));
  const levels = paceRatio <= LARGE_DECLINE || (slope.high < 0 && paceRatio <= SMALL_DECLINE);
  // An exponential decline from the first to the last rate: what is left is the last rate times its time constant.
  const constant = (last.at - first.at) / Math.log(1 / Math.max(0.01, paceRatio));
  return { levels, paceRatio, remaining: Math.max(0, paceAt(last.at)) * constant };
}

function latestRatioOf(rates: readonly StepRate[]): number | null {
  const [before, latest] = rates.slice(-2);
  if (before === undefined || latest === undefined) return null;
  const usual = median(rates.slice(-1 - USUAL_RATES, -1).map(({ rate }) => rate));
  const isFirstSlow = latest.rate < LATEST_PART * usual && before.rate >= LATEST_PART * usual;
  return isFirstSlow ? latest.rate / usual : null;
}

/** The rates of a series of values, of a few even steps. */
export function ratesBetween(points: readonly TrendPoint[]): readonly StepRate[] {
  const used = thinned(points, MOST_STEPS + 1);
  const beganMs = used[0]?.ms ?? 0;
  return used.slice(1).map((to, i) => {
    const from = used[i]!;
    return {
      at: ((from.ms + to.ms) / 2 - beganMs) / 1000,
      rate: ((to.bytes - from.bytes) / Math.max(1, to.ms - from.ms)) * 1000,
    };
  });
}
