import type { AnalysisFailure } from '../analysis/analysis-outcome.js';
import type { DumpFailure } from '../capture/dump-failure.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatMilliseconds } from '../runtime/units.js';
import { failureText } from './analysis-text.js';

const SIGKILL = 9;

/** Why a dump failed, for a person. `retries`: children given up before. */
export function dumpFailureText(failure: DumpFailure, retries: number): string {
  const words = dumpWords(failure);
  return retries === 0 ? words : say`${words} (after ${formatCount(retries + 1)} tries)`;
}

function dumpWords(failure: DumpFailure): string {
  switch (failure.cause) {
    case 'stopped':
      return say`the watcher was stopped`;
    case 'reader-gone':
      return say`the process that reads the snapshot has ended`;
    case 'no-snapshot':
      return say`no snapshot was written`;
    case 'no-memory-headroom': {
      const { availableBytes, concurrentBytes, reserveBytes } = failure;
      return say`no memory is left for a capture: ${formatBytes(availableBytes)} are available, its analysis and copies of buffers take ${formatBytes(concurrentBytes)}, and ${formatBytes(reserveBytes)} stay reserved for the service`;
    }
    case 'memory-short': {
      const { availableBytes, reserveBytes, heldBytes, grownBytes } = failure;
      return say`memory ran short: ${formatBytes(availableBytes)} were left, of which ${formatBytes(reserveBytes)} stay reserved for the service; the capture held ${formatBytes(heldBytes)}, ${formatBytes(grownBytes)} more than at the check before`;
    }
    case 'over-allotment':
      return say`the capture held ${formatBytes(failure.heldBytes)} of memory and may take ${formatBytes(failure.allotmentBytes)}`;
    case 'too-long': {
      const times = say`the capture ran for ${formatMilliseconds(failure.ranMs)} and was stopped for ${formatMilliseconds(failure.stoppedMs)}`;
      const limit = formatMilliseconds(failure.limitMs);
      return failure.limit === 'run'
        ? say`${times}; it may run for ${limit}`
        : say`${times}; it may take ${limit}, stops included`;
    }
    case 'pool-busy':
      return say`all threads of libuv's pool were busy for ${formatMilliseconds(failure.waitedMs)}`;
    default:
      return childWords(failure);
  }
}

type ChildFailure = Extract<
  DumpFailure,
  { cause: `child-${string}` | 'worker-busy' | 'end-lost' | 'census-unreadable' | 'error' }
>;

function childWords(failure: ChildFailure): string {
  switch (failure.cause) {
    case 'worker-busy':
      return say`a thread of V8 was at work when the process was forked`;
    case 'child-signal':
      return failure.signal === SIGKILL
        ? say`the forked child was killed by signal ${failure.signal}, as the kernel does when memory runs out`
        : say`the forked child was killed by signal ${failure.signal}`;
    case 'child-threw':
      return say`the forked child failed: ${failure.message}`;
    case 'child-memory':
      return say`the forked child stopped at its memory limit, holding ${formatBytes(failure.peakBytes)}`;
    case 'child-time':
      return say`the forked child stopped at its time limit`;
    case 'child-inheritance':
      return say`the forked child could not release the descriptors that it inherited`;
    case 'child-exit':
      return say`the forked child ended with code ${failure.exitCode}`;
    case 'end-lost':
      return say`other code in the process waited for the forked child first, so its result is unknown`;
    case 'census-unreadable':
      return say`the class census of the forked child cannot be read`;
    case 'error': {
      const { code, message } = failure;
      return code === null || message.startsWith(code) ? message : `${code}: ${message}`;
    }
  }
}

/** Why an analysis has no result, for a person. */
export function analysisFailureText(failure: AnalysisFailure): string {
  if (failure.outcome === 'failure') return `${failure.step}: ${failureText(failure.cause)}`;
  switch (failure.cause) {
    case 'not-started':
      return say`the analysis process could not be started: ${failure.message}`;
    case 'heap-exhausted':
      return say`the analysis needed more than its JavaScript heap of ${formatBytes(failure.limitBytes)}`;
    case 'ended-early': {
      const { exitCode, signal, stderr } = failure;
      const how =
        signal === null
          ? say`the analysis process ended with code ${String(exitCode)} before its result`
          : say`the analysis process was killed by ${signal} before its result`;
      const byKernel = signal === 'SIGKILL' ? say`${how}, as the kernel does when memory runs out` : how;
      return stderr === '' ? byKernel : say`${byKernel}; it wrote: ${stderr}`;
    }
    case 'unreadable':
      return say`the analysis process sent something that is not a message of the analysis`;
    case 'timeout':
      return say`the analysis took longer than ${formatDuration(failure.timeoutMs / 1000)}`;
    case 'cancelled':
      return say`the analysis was cancelled`;
  }
}
