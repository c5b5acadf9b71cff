import type { CopyEnd } from '../capture/copy-jobs.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatMilliseconds } from '../runtime/units.js';
import type { Evaluated, NotRun } from './evaluated.js';

/** What an expression may take in its copy of the service. */
export const MOST_COPY_BYTES = 128e6;

export function notRun(why: Extract<CopyEnd, { ended: 'refused' }>['why']): NotRun {
  switch (why.cause) {
    case 'capturing':
      return {
        notRun: 'busy',
        reason: say`A capture has its copy of the service, and there is one at a time.`,
      };
    case 'no-addon':
      return {
        notRun: 'unsafe',
        reason: say`An expression that only reads runs in a forked copy of the service, which is not possible here: ${why.reason}.`,
      };
    case 'pause':
      return {
        notRun: 'unsafe',
        reason: say`Forking a copy of the service would stop it for about ${formatMilliseconds(why.predictedMs)} (heap: ${formatBytes(why.heapBytes)}); pauseBudgetMs allows ${formatMilliseconds(why.limitMs)}.`,
      };
    case 'memory':
      return {
        notRun: 'unsafe',
        reason: say`${formatBytes(why.availableBytes)} of memory are available; a copy of the service needs more than ${formatBytes(why.neededBytes)}.`,
      };
  }
}

/** The copy has ended, and with it whatever the expression did. */
export function failedCopy(failure: Extract<CopyEnd, { ended: 'failure' }>['failure']): Evaluated {
  const { cause } = failure;
  if (cause === 'too-long' || cause === 'child-time') return { outcome: 'timeout' };
  const message =
    cause === 'child-memory' || cause === 'over-allotment'
      ? say`it took more memory than there is for it (${formatBytes(MOST_COPY_BYTES)} at most), and was ended`
      : cause === 'memory-short'
        ? say`the service had too little memory left, so it was ended`
        : say`the copy of the service that it ran in ended early (${cause}); the service is unchanged`;
  return { outcome: 'failed', message };
}
