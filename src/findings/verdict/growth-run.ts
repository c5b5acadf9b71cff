import type { GrowthStep, Suspect } from '../../heap/suspects/suspect.js';
import type { CaptureMoment } from './capture-context.js';

/** Of the steps of a rise, this part at most may stand still; more of them and the rise begins after the last one. */
const MAX_STILL_SHARE = 1 / 3;
/** Requests that the mean step, and every step, needs before growth is read by request: fewer are noise. */
const REQUESTS_A_STEP = 20;
const MIN_REQUESTS_A_STEP = 5;
/** What one step brought counts at most this many times as much as the median step: a start-up is not a rate. */
const BURST = 2;

/** Growth between two neighbouring captures. */
export interface StepRate {
  /** Middle of the step: seconds, or requests, since the rise began. */
  readonly at: number;
  /** Members a second, or a request. */
  readonly rate: number;
}

/** The latest growth of one suspect, from the last capture before it on. */
export interface Rise {
  readonly steps: readonly GrowthStep[];
  /** Captures at which it stood still, traffic or not; never the last one. */
  readonly still: number;
  /** Captures of the rise that showed growth, and the one that it began at. */
  readonly observations: number;
  readonly spanMs: number;
  readonly gainedCount: number;
  readonly gainedBytes: number;
  /** The same without what a single step brought beyond all others. */
  readonly steadyBytes: number;
  /** Most members ever held before the rise; 0 where it began with the first capture. */
  readonly peakBefore: number;
  /** What the median step brought, members. */
  readonly stepCount: number;
  /** Null where no traffic was counted, or too little. */
  readonly requests: number | null;
  readonly unit: 'request' | 'second';
  readonly rates: readonly StepRate[];
}

/** Null where the latest capture showed no growth. */
export function riseOf(suspect: Suspect, moments: readonly CaptureMoment[]): Rise | null {
  const { steps } = suspect;
  const from = beginningOf(suspect, moments);
  const rise = steps.slice(from);
  const [first, last] = [rise[0], rise.at(-1)];
  if (first === undefined || last === undefined || rise.length < 2) return null;
  const grown = rise.slice(1).filter((step, i) => step.count > rise[i]!.count).length;
  const gainedBytes = gainedBytesOf(suspect, first, last);
  return {
    steps: rise,
    still: rise.length - 1 - grown,
    observations: grown + 1,
    spanMs: last.atMs - first.atMs,
    gainedCount: last.count - first.count,
    gainedBytes,
    steadyBytes: gainedBytes * steadyPart(rise),
    peakBefore: Math.max(0, ...steps.slice(0, from).map(({ count }) => count)),
    stepCount: median(gainsOf(rise)),
    requests: requestsBetween(first, last, moments),
    ...ratesOf(rise, moments),
  };
}

/**
 * The rising steps, and what lies before them as long as no member was ever lost: a program that leaks in batches stands
 * still now and then, and one without traffic always does.
 */
function beginningOf({ steps, risingSteps }: Suspect, moments: readonly CaptureMoment[]): number {
  let from = Math.max(0, steps.length - 1 - risingSteps);
  if (risingSteps === 0) return from;
  let still = 0;
  for (let at = from; at > 0 && steps[at - 1]!.count > 0; at--) {
    const [before, after] = [steps[at - 1]!, steps[at]!];
    if (before.count > after.count) break;
    if (before.count < after.count) from = at - 1;
    else if (!isIdle(before, after, moments)) still += 1;
    if (still > MAX_STILL_SHARE * (steps.length - at)) break;
  }
  return from;
}

/** Tables of a collection belong to what it holds; sliced strings keep what they were cut from. */
function gainedBytesOf(suspect: Suspect, first: GrowthStep, last: GrowthStep): number {
  const part = last.count > 0 ? (last.count - first.count) / last.count : 0;
  const parents = Math.max(0, part) * (suspect.parentBytes ?? 0);
  return Math.max(last.bytes - first.bytes, suspect.gainedBytes ?? 0) + parents;
}

function gainsOf(rise: readonly GrowthStep[]): readonly number[] {
  return rise.slice(1).map((step, i) => step.count - rise[i]!.count);
}

function steadyPart(rise: readonly GrowthStep[]): number {
  const gains = gainsOf(rise);
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const most = BURST * median(gains);
  return total > 0 ? gains.reduce((sum, gain) => sum + Math.min(gain, most), 0) / total : 0;
}

function ratesOf(
  rise: readonly GrowthStep[],
  moments: readonly CaptureMoment[],
): Pick<Rise, 'unit' | 'rates'> {
  const pairs = rise
    .slice(1)
    .map((to, i) => ({ from: rise[i]!, to }))
    .filter(({ from, to }) => !isIdle(from, to, moments));
  const served = pairs.map(({ from, to }) => requestsBetween(from, to, moments));
  const total = served.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const byRequest =
    total >= REQUESTS_A_STEP * served.length &&
    served.every((count) => count !== null && count >= MIN_REQUESTS_A_STEP);
  let passed = 0;
  const rates = pairs.map(({ from, to }, i) => {
    const exposure = byRequest ? served[i]! : Math.max(1, to.atMs - from.atMs) / 1000;
    passed += exposure;
    return { at: passed - exposure / 2, rate: (to.count - from.count) / exposure };
  });
  return { unit: byRequest ? 'request' : 'second', rates };
}

/** A program that serves requests and had none has shown nothing. */
function isIdle(from: GrowthStep, to: GrowthStep, moments: readonly CaptureMoment[]): boolean {
  return to.count === from.count && requestsBetween(from, to, moments) === 0 && servesRequests(moments);
}

export function servesRequests(moments: readonly CaptureMoment[]): boolean {
  return (moments.at(-1)?.requests ?? 0) >= REQUESTS_A_STEP;
}

export function momentOf({ atMs }: GrowthStep, moments: readonly CaptureMoment[]): CaptureMoment | null {
  return moments.find((moment) => moment.atMs === atMs) ?? null;
}

function requestsBetween(from: GrowthStep, to: GrowthStep, moments: readonly CaptureMoment[]): number | null {
  const [before, after] = [momentOf(from, moments), momentOf(to, moments)];
  return before === null || after === null ? null : after.requests - before.requests;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
