import { theilSen } from '../../trend/theil-sen.js';
import { median, type StepRate } from './growth-run.js';

/**
 * Whether growth slows down as that of a cache does which fills: memo, template cache, keys that were all seen once.
 * Its pace falls with what is left to fill (coupon collector: exponentially), where that of a leak stays.
 *
 * The slope of the step rates is Theil and Sen's (Theil 1950, Sen 1968), which one burst does not move; whether it falls
 * is Mann's test (Mann 1945, "Nonparametric tests against trend"), read off Sen's interval: its upper end is below 0.
 *
 * Deviations: the level is low (one-sided 21 %; 12 % with five rates), because what is held back is looked at again at the
 * next capture while a false alarm is for ever; and a decline that is large needs no significance. Simulated
 * (test/findings/look-alikes.test.ts): a fill whose time constant is up to twice the observed time is told nearly always.
 */
export interface LevellingOff {
  readonly levels: boolean;
  /** Pace at the end of the rise as a part of that at its beginning. */
  readonly paceRatio: number;
  /** Members that are still to come before it stands; null where no decline was seen. */
  readonly remaining: number | null;
}

/** Fewer rates show no decline. */
const MIN_RATES = 2;
/** Quantile of the interval of the slope. */
const Z = 0.8;
/** A pace that is down to this part of what it was levels off, significant or not. */
const LARGE_DECLINE = 0.7;
/** A decline that is smaller than this, significant or not, may be that of the load. */
const SMALL_DECLINE = 0.9;

export function levelsOff(rates: readonly StepRate[]): LevellingOff {
  const none: LevellingOff = { levels: false, paceRatio: 1, remaining: null };
  if (rates.length < MIN_RATES) return none;
  // An axis is an axis: the unit of the slope cancels out below.
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
  // An exponential decline from the first to the last pace: what is left is the last pace times its time constant.
  const constant = (last.at - first.at) / Math.log(1 / Math.max(0.01, paceRatio));
  return { levels, paceRatio, remaining: Math.max(0, paceAt(last.at)) * constant };
}
