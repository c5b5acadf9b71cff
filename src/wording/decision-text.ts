import { say } from '../runtime/say.js';
import { formatBytes, formatDuration, formatMilliseconds, plural } from '../runtime/units.js';
import type { SkipReason } from '../trigger/capture-decision.js';

/** Why nothing is captured now, for a person, without the code. */
export function skipText(reason: SkipReason): string {
  switch (reason.code) {
    case 'captures-off':
      return reason.dumperReason;
    case 'already-capturing':
      return say`a capture is running`;
    case 'warming-up':
      return say`captures begin in ${wait(reason.waitMs)}`;
    case 'spacing':
      return say`the next capture is due in ${wait(reason.waitMs)}`;
    case 'cooling-down':
      return say`the last series found nothing; the next may start in ${wait(reason.waitMs)}`;
    case 'no-growth':
      return say`the heap's trend is ${reason.direction} (${plural(reason.points, 'point')})`;
    case 'pause-over-budget':
      return say`it would stop the service for about ${formatMilliseconds(reason.pauseMs)}; the limit is ${formatMilliseconds(reason.budgetMs)} (pauseBudgetMs)`;
    case 'no-memory-headroom': {
      const { memoryBytes, concurrentBytes, availableBytes, reserveBytes } = reason;
      const available =
        availableBytes === null ? say`an unknown amount is` : say`${formatBytes(availableBytes)} are`;
      return say`it would take about ${formatBytes(memoryBytes)}, and its analysis and copies of buffers ${formatBytes(concurrentBytes)}; ${available} available, of which ${formatBytes(reserveBytes)} stay reserved for the service`;
    }
    case 'cpu-budget': {
      const { predictedSeconds, spentSeconds, budgetSeconds, waitMs } = reason;
      return say`it would take about ${cpu(predictedSeconds)} of CPU; ${cpu(spentSeconds)} of the ${cpu(budgetSeconds)} that an hour allows are spent, and it fits in ${wait(waitMs)}`;
    }
  }
}

function wait(ms: number): string {
  return formatDuration(ms / 1000);
}

function cpu(seconds: number): string {
  return formatMilliseconds(seconds * 1000);
}
