import type { GrowthStep, Suspect } from '../../heap/suspects/suspect.js';
import { ratesOf, type Step, type StepRates } from '../../trend/levelling-off.js';
import { median } from '../../trend/theil-sen.js';
import type { CaptureHistory } from './capture-history.js';

/** Of the steps of a run, this part at most may stand still; with more of them the run begins after the last one. */
const MAX_STILL_SHARE = 1 / 3;
/** The gain of one step counts at most as this many times the median gain: a start-up is not a rate. */
const BURST = 2;

/** The latest growth of one suspect, from the last capture before it. */
export interface GrowthRun {
  readonly steps: readonly GrowthStep[];
  /** Captures at which it stood still, traffic or not; never the last one. */
  readonly still: number;
  /** Captures of the run that showed growth, and the one that it began at. */
  readonly observations: number;
  readonly spanMs: number;
  readonly gainedCount: number;
  readonly gainedBytes: number;
  /** The same without the excess of a single step. */
  readonly steadyBytes: number;
  /** Most members ever held before the run; 0 if it began with the first capture. */
  readonly peakBefore: number;
  /** Gain of the median step, members. */
  readonly stepCount: number;
  /** Null if no traffic was counted, or too little. */
  readonly requests: number | null;
  /** Of the steps that were not idle. */
  readonly pace: StepRates;
}

/** Null if the latest capture showed no growth. */
export function growthRunOf(suspect: Suspect, history: CaptureHistory): GrowthRun | null {
  const { steps } = suspect;
  const from = beginningOf(suspect, history);
  const run = steps.slice(from);
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined || run.length < 2) return null;
  const grown = run.slice(1).filter((step, i) => step.count > run[i]!.count).length;
  const gainedBytes = gainedBytesOf(suspect, first, last);
  return {
    steps: run,
    still: run.length - 1 - grown,
    observations: grown + 1,
    spanMs: last.atMs - first.atMs,
    gainedCount: last.count - first.count,
    gainedBytes,
    steadyBytes: gainedBytes * steadyPart(run),
    peakBefore: Math.max(0, ...steps.slice(0, from).map(({ count }) => count)),
    stepCount: median(gainsOf(run)),
    requests: history.requestsBetween(first, last),
    pace: ratesOf(stepsOf(run, history)),
  };
}

/**
 * The rising steps, and the steps before them as long as no member was ever lost: a program that leaks in batches shows no
 * growth at some captures, and a program without traffic grows at none.
 */
function beginningOf({ steps, risingSteps }: Suspect, history: CaptureHistory): number {
  let from = Math.max(0, steps.length - 1 - risingSteps);
  if (risingSteps === 0) return from;
  let still = 0;
  for (let at = from; at > 0 && steps[at - 1]!.count > 0; at--) {
    const [before, after] = [steps[at - 1]!, steps[at]!];
    if (before.count > after.count) break;
    if (before.count < after.count) from = at - 1;
    else if (!isIdle(before, after, history)) still += 1;
    if (still > MAX_STILL_SHARE * (steps.length - at)) break;
  }
  return from;
}

/** With the collection's tables, and with the strings that sliced strings were cut from. */
function gainedBytesOf(suspect: Suspect, first: GrowthStep, last: GrowthStep): number {
  const part = last.count > 0 ? (last.count - first.count) / last.count : 0;
  const parents = Math.max(0, part) * (suspect.parentBytes ?? 0);
  return Math.max(last.bytes - first.bytes, suspect.gainedBytes ?? 0) + parents;
}

function gainsOf(run: readonly GrowthStep[]): readonly number[] {
  return run.slice(1).map((step, i) => step.count - run[i]!.count);
}

function steadyPart(run: readonly GrowthStep[]): number {
  const gains = gainsOf(run);
  const total = gains.reduce((sum, gain) => sum + gain, 0);
  const most = BURST * median(gains);
  return total > 0 ? gains.reduce((sum, gain) => sum + Math.min(gain, most), 0) / total : 0;
}

function stepsOf(run: readonly GrowthStep[], history: CaptureHistory): readonly Step[] {
  return run
    .slice(1)
    .map((to, i) => ({ from: run[i]!, to }))
    .filter(({ from, to }) => !isIdle(from, to, history))
    .map(({ from, to }) => ({
      gained: to.count - from.count,
      seconds: Math.max(1, to.atMs - from.atMs) / 1000,
      requests: history.requestsBetween(from, to),
    }));
}

/** No growth without requests shows nothing in a program that serves requests. */
function isIdle(from: GrowthStep, to: GrowthStep, history: CaptureHistory): boolean {
  return to.count === from.count && history.requestsBetween(from, to) === 0 && history.servesRequests;
}
