import { median, theilSen, thinned } from './theil-sen.js';
import type { TrendPoint } from './trend-point.js';

/** Growth between two neighbouring observations, and what passed meanwhile. */
export interface Step {
  /** Members or bytes. */
  readonly gained: number;
  readonly seconds: number;
  /** Null if unknown. */
  readonly requests: number | null;
}

/** Rates of the steps of one run, all per request or all per second. */
export interface StepRates {
  readonly per: 'request' | 'second';
  readonly rates: readonly StepRate[];
}

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

/** Fewer requests, in all or at the mean step, are noise. */
export const LEAST_REQUESTS = 20;
/** Requests that every step needs before growth is measured per request. */
const MIN_REQUESTS_A_STEP = 5;
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
/** Of floors and of a profiler's estimates: a run is cut into this many steps at most, since shorter ones are noise. */
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

/** Per request if every step served enough of them: a leak that follows the traffic slows down when the traffic falls. */
export function ratesOf(steps: readonly Step[]): StepRates {
  const total = steps.reduce((sum, { requests }) => sum + (requests ?? 0), 0);
  const byRequest =
    total >= LEAST_REQUESTS * steps.length &&
    steps.every(({ requests }) => requests !== null && requests >= MIN_REQUESTS_A_STEP);
  let passed = 0;
  const rates = steps.map(({ gained, seconds, requests }) => {
    const exposure = byRequest ? requests! : seconds;
    passed += exposure;
    return { at: passed - exposure / 2, rate: gained / exposure };
  });
  return { per: byRequest ? 'request' : 'second', rates };
}

/** The rates of a series of values, of a few even steps. `traffic`: requests so far, by time; empty if not counted. */
export function seriesRates(points: readonly TrendPoint[], traffic: readonly TrendPoint[] = []): StepRates {
  const used = thinned(points, MOST_STEPS + 1);
  return ratesOf(
    used.slice(1).map((to, i) => {
      const from = used[i]!;
      const [before, after] = [valueAt(traffic, from.ms), valueAt(traffic, to.ms)];
      return {
        gained: to.bytes - from.bytes,
        seconds: Math.max(1, to.ms - from.ms) / 1000,
        requests: before === null || after === null ? null : after - before,
      };
    }),
  );
}

/** Interpolated; null outside the time of the points. */
function valueAt(points: readonly TrendPoint[], ms: number): number | null {
  const after = points.findIndex((point) => point.ms >= ms);
  const to = points[after];
  if (to === undefined) return null;
  if (to.ms === ms) return to.bytes;
  const from = points[after - 1];
  if (from === undefined) return null;
  return from.bytes + ((to.bytes - from.bytes) * (ms - from.ms)) / (to.ms - from.ms);
}
