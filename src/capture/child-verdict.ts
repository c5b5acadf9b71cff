import { CHILD_EXIT, GRAPH_PROBLEMS } from '../native/binding.js';
import type { DumpFailure } from './dump-failure.js';
import type { ChildRun } from './forked-child.js';

const SIGKILL = 9;
/** The child dies of it when its output is no longer read. */
const SIGPIPE = 13;

/** How a child ended, by what is known of it. */
export type ChildVerdict =
  | { readonly ended: 'done' }
  /** `unlucky`: another child may succeed. */
  | { readonly ended: 'unlucky' | 'failed'; readonly failure: DumpFailure };

export function judge({ end, words, verdict, wrote }: ChildRun, signal: AbortSignal): ChildVerdict {
  const failed = (failure: DumpFailure): ChildVerdict => ({ ended: 'failed', failure });
  // The reader already has its output: another child would come too late.
  const mayRetry = (failure: DumpFailure): ChildVerdict => ({ ended: wrote ? 'failed' : 'unlucky', failure });
  if (signal.aborted) return failed({ cause: 'stopped' });
  if (verdict.killed !== null) return failed(verdict.killed);
  if (end === null) return words.liveBytes > 0 ? { ended: 'done' } : failed({ cause: 'end-lost' });
  if (end.signal > 0 || end.exitCode > CHILD_EXIT.signal) {
    const number = end.signal > 0 ? end.signal : end.exitCode - CHILD_EXIT.signal;
    if (number === SIGPIPE) return failed({ cause: 'reader-gone' });
    // Only an administrator, or the kernel when memory runs out, sends SIGKILL.
    const failure: DumpFailure = { cause: 'child-signal', signal: number };
    return number === SIGKILL ? failed(failure) : mayRetry(failure);
  }
  switch (end.exitCode) {
    case CHILD_EXIT.done:
      return { ended: 'done' };
    case CHILD_EXIT.waited:
      return mayRetry({ cause: 'worker-busy' });
    case CHILD_EXIT.threw:
      return failed({ cause: 'child-threw', message: words.message });
    case CHILD_EXIT.memory:
      return failed({ cause: 'child-memory', peakBytes: words.peakBytes });
    case CHILD_EXIT.time:
      return failed({ cause: 'child-time' });
    case CHILD_EXIT.graph: {
      const { problem, found, expected } = words.graph;
      const name = GRAPH_PROBLEMS[problem] ?? 'layout';
      return failed({ cause: 'graph-check', problem: name, found, expected });
    }
    case CHILD_EXIT.unable:
      return failed({ cause: 'child-inheritance' });
    default:
      return failed({ cause: 'child-exit', exitCode: end.exitCode });
  }
}
