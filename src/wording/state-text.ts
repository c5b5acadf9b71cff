import { say } from '../runtime/say.js';
import { formatBytes, formatDuration, formatMilliseconds, plural } from '../runtime/units.js';
import type { SkipReason } from '../trigger/capture-decision.js';

/** Why the watcher is in its state. */
export type StateReason =
  | {
      readonly code:
        | 'not-started'
        | 'started'
        | 'trend-unknown'
        | 'leak-suspected'
        | 'leak-confirmed'
        | 'sampling-failed';
    }
  /** The heap grows, and its classes are counted again after this. */
  | { readonly code: 'census'; readonly waitMs: number }
  | SkipReason;

/** The reason for a person, without the code. */
export function stateDetail(reason: StateReason): string {
  // Each entry belongs to one kind of reason, which the compiler loses when it reads the code.
  return (WORDS[reason.code] as (reason: StateReason) => string)(reason);
}

/** Why nothing is captured, with its code first, as in reports, status and events: `spacing: the next capture is due in 5 s`. */
export function codedDetail(reason: StateReason): string {
  return `${reason.code}: ${stateDetail(reason)}`;
}

const WORDS: { readonly [R in StateReason as R['code']]: (reason: R) => string } = {
  'not-started': () => say`not started`,
  started: () => say`warming up`,
  'trend-unknown': () => say`the trend of the heap is not known yet`,
  'leak-suspected': () => say`a leak is suspected`,
  'leak-confirmed': () => say`a leak is confirmed`,
  'sampling-failed': () => say`the heap could not be sampled several times in a row; the log names the error`,
  census: ({ waitMs }) => say`the heap grows; its classes are counted again in ${wait(waitMs)}`,
  'captures-off': ({ dumperReason }) => dumperReason,
  'already-capturing': () => say`a capture is running`,
  'warming-up': ({ waitMs }) => say`captures begin in ${wait(waitMs)}`,
  spacing: ({ waitMs }) => say`the next capture is due in ${wait(waitMs)}`,
  'cooling-down': ({ waitMs }) => say`the last series found nothing; the next may start in ${wait(waitMs)}`,
  'no-growth': ({ direction, points }) => say`the heap's trend is ${direction} (${plural(points, 'point')})`,
  'pause-over-budget': ({ pauseMs, budgetMs }) =>
    say`a capture would stop the service for about ${formatMilliseconds(pauseMs)}; the limit is ${formatMilliseconds(budgetMs)} (pauseBudgetMs)`,
  'no-memory-headroom': ({ memoryBytes, concurrentBytes, availableBytes, reserveBytes }) => {
    const available =
      availableBytes === null ? say`an unknown amount is` : say`${formatBytes(availableBytes)} are`;
    return say`a capture would take about ${formatBytes(memoryBytes)}, and its analysis and copies of buffers ${formatBytes(concurrentBytes)}; ${available} available, of which ${formatBytes(reserveBytes)} stay reserved for the service`;
  },
  'cpu-budget': ({ predictedSeconds, spentSeconds, budgetSeconds, waitMs }) =>
    say`a capture would take about ${cpu(predictedSeconds)} of CPU; ${cpu(spentSeconds)} of the ${cpu(budgetSeconds)} allowed per hour are spent; the budget will suffice in ${wait(waitMs)}`,
};

function wait(ms: number): string {
  return formatDuration(ms / 1000);
}

function cpu(seconds: number): string {
  return formatMilliseconds(seconds * 1000);
}
