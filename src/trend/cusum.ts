import { median } from './theil-sen.js';

/** The reference level comes from the first part of the series, at least this many points. */
const MIN_REFERENCE = 8;
const REFERENCE_PART = 1 / 3;
/** Page's reference value and decision interval, in units of the scale: detects shifts of one scale or more. */
const ALLOWANCE = 0.5;
const DECISION = 8;
/** Scale of a normal distribution from its median absolute deviation. */
const MAD_TO_SIGMA = 1.4826;
/** A reference without spread would make any change infinite: at least this fraction of the level counts as noise. */
const LEAST_SCALE_PART = 0.002;

/**
 * Whether the level of `values` shifted upwards: a one-sided CUSUM (Page 1954), `S ← max(0, S + (x − m) / s − k)`,
 * which signals when S exceeds the decision interval.
 *
 * Deviations: m and s are the median and the scaled median absolute deviation of the first third, since no target is
 * known and outliers are common; the decision interval is 8 rather than the textbook's 5, since s is estimated from few
 * points. With no more points than the reference it never signals.
 */
export function isShiftedUpwards(values: readonly number[]): boolean {
  const size = Math.max(MIN_REFERENCE, Math.floor(values.length * REFERENCE_PART));
  if (values.length <= size) return false;
  const reference = values.slice(0, size);
  const level = median(reference);
  const deviation = median(reference.map((value) => Math.abs(value - level)));
  const scale = Math.max(deviation * MAD_TO_SIGMA, Math.abs(level) * LEAST_SCALE_PART, Number.MIN_VALUE);
  let sum = 0;
  for (const value of values.slice(size)) {
    sum = Math.max(0, sum + (value - level) / scale - ALLOWANCE);
    if (sum > DECISION) return true;
  }
  return false;
}
