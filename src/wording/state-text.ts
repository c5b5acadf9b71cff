import { say } from '../runtime/say.js';
import { formatDuration } from '../runtime/units.js';
import type { SkipReason } from '../trigger/capture-decision.js';
import { skipText } from './decision-text.js';

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

/** The reason for a person. */
export function stateDetail(reason: StateReason): string {
  switch (reason.code) {
    case 'not-started':
      return say`not started`;
    case 'started':
      return say`warming up`;
    case 'trend-unknown':
      return say`the trend of the heap is not known yet`;
    case 'leak-suspected':
      return say`a leak is suspected`;
    case 'leak-confirmed':
      return say`a leak is confirmed`;
    case 'sampling-failed':
      return say`the heap could not be sampled several times in a row; the log names the error`;
    case 'census':
      return say`the heap grows; its classes are counted again in ${formatDuration(reason.waitMs / 1000)}`;
    default:
      return skipText(reason);
  }
}

/** Why nothing is captured, its code first, as reports, status and events have it: `spacing: the next capture is due in 5 s`. */
export function codedDetail(reason: StateReason): string {
  return `${reason.code}: ${stateDetail(reason)}`;
}
