import type { AnalysisEnding, AnalysisFailure } from '../analysis/analysis-outcome.js';
import type { DumpFailure } from '../capture/dump-failure.js';
import type { GraphProblem, NativeRefusal } from '../capture/graph-source.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatMilliseconds } from '../runtime/units.js';
import { failureText } from './analysis-text.js';

const SIGKILL = 9;

/** Why a dump failed, for a person. `retries`: children that failed before. */
export function dumpFailureText(failure: DumpFailure, retries: number): string {
  // Each entry belongs to one kind of failure, which the compiler loses when it reads the cause; below as well.
  const words = (DUMP_WORDS[failure.cause] as (failure: DumpFailure) => string)(failure);
  return retries === 0 ? words : say`${words} (after ${formatCount(retries + 1)} tries)`;
}

/** Why an analysis has no result, for a person. */
export function analysisFailureText(failure: AnalysisFailure): string {
  if (failure.outcome === 'failure') return `${failure.step}: ${failureText(failure.cause)}`;
  return (ANALYSIS_WORDS[failure.cause] as (failure: AnalysisEnding) => string)(failure);
}

/** An entry for each cause. */
type WordsFor<F extends { readonly cause: string }> = {
  readonly [K in F as K['cause']]: (failure: K) => string;
};

const DUMP_WORDS: WordsFor<DumpFailure> = {
  stopped: () => say`it was cancelled, or the watcher was stopped`,
  'reader-gone': () => say`the process that reads the snapshot has ended`,
  'no-snapshot': () => say`no snapshot was written`,
  'no-memory-headroom': ({ availableBytes, concurrentBytes, reserveBytes }) =>
    say`not enough memory for a capture: ${formatBytes(availableBytes)} are available, its analysis and copies of buffers take ${formatBytes(concurrentBytes)}, and ${formatBytes(reserveBytes)} stay reserved for the service`,
  'memory-short': ({ availableBytes, reserveBytes, heldBytes, grownBytes }) =>
    say`memory ran short: ${formatBytes(availableBytes)} were left, of which ${formatBytes(reserveBytes)} stay reserved for the service; the capture held ${formatBytes(heldBytes)}, ${formatBytes(grownBytes)} more than at the previous check`,
  'over-allotment': ({ heldBytes, allotmentBytes }) =>
    say`the capture held ${formatBytes(heldBytes)} of memory; its limit is ${formatBytes(allotmentBytes)}`,
  'too-long': ({ ranMs, stoppedMs, limit, limitMs }) => {
    const times = say`the capture ran for ${formatMilliseconds(ranMs)} and was suspended for ${formatMilliseconds(stoppedMs)}`;
    return limit === 'run'
      ? say`${times}; its limit is ${formatMilliseconds(limitMs)} of running`
      : say`${times}; its limit is ${formatMilliseconds(limitMs)} in total`;
  },
  'pool-busy': ({ waitedMs }) =>
    say`all threads of libuv's pool were busy for ${formatMilliseconds(waitedMs)}`,
  'worker-busy': () => say`a V8 thread was busy when the process was forked`,
  'child-signal': ({ signal }) =>
    killed(say`the forked child was killed by signal ${signal}`, signal === SIGKILL),
  'child-threw': ({ message }) => say`the forked child failed: ${message}`,
  'child-memory': ({ peakBytes }) =>
    say`the forked child stopped at its memory limit, holding ${formatBytes(peakBytes)}`,
  'child-time': () => say`the forked child stopped at its time limit`,
  'child-inheritance': () => say`the forked child could not release the descriptors that it inherited`,
  'child-exit': ({ exitCode }) => say`the forked child ended with code ${exitCode}`,
  'end-lost': () =>
    say`other code in the process collected the forked child's exit status, so its result is unknown`,
  'census-unreadable': () => say`the class census of the forked child cannot be read`,
  'graph-check': (failure) =>
    say`the native writer of graphs gave up, and V8's generator could not take over: ${graphCheckText(failure)}`,
  error: ({ code, message }) => (code === null || message.startsWith(code) ? message : `${code}: ${message}`),
};

/** What the native writer's checks compare; a maintainer finds them by name in docs/architecture/heap-graph.md. */
const GRAPH_PROBLEM_WORDS: Readonly<Record<GraphProblem, (found: string, expected: string) => string>> = {
  memory: () => say`no memory was left for it`,
  layout: (found) => say`objects of this V8 are not laid out as expected (sample ${found})`,
  'strong-missing': (found, expected) =>
    say`it did not find a planted object (number ${found} of ${expected})`,
  'weak-held': (found, expected) =>
    say`it took a weak reference for a strong one (number ${found} of ${expected})`,
  names: (found, expected) =>
    say`it did not find the name of a planted property (number ${found} of ${expected})`,
  sizes: (found, expected) => say`${found} of ${expected} sizes differ from V8's`,
  sum: (found, expected) => say`the sizes of all objects add up to ${found} bytes, while V8 uses ${expected}`,
  counts: (found, expected) => say`it wrote ${found} nodes and edges in place of ${expected}`,
  output: () => say`its output could not be written`,
};

function graphCheckText({
  problem,
  found,
  expected,
}: NativeRefusal & { readonly cause: 'graph-check' }): string {
  return GRAPH_PROBLEM_WORDS[problem](formatCount(found), formatCount(expected));
}

/** Why V8's generator wrote a graph in place of the native writer, for a person. */
export function nativeRefusalText(refusal: NativeRefusal): string {
  switch (refusal.cause) {
    case 'not-exported':
      return say`this Node.js does not export ${refusal.symbol}`;
    case 'graph-check':
      return say`the native writer gave up: ${graphCheckText(refusal)}`;
    case 'graph-threw':
      return say`the native writer threw: ${refusal.message}`;
    case 'graph-crash':
      return say`the native writer was ended by signal ${refusal.signal}`;
  }
}

const ANALYSIS_WORDS: WordsFor<AnalysisEnding> = {
  'not-started': ({ message }) => say`the analysis process could not be started: ${message}`,
  'heap-exhausted': ({ limitBytes }) =>
    say`the analysis needed more than its JavaScript heap of ${formatBytes(limitBytes)}`,
  'ended-early': ({ exitCode, signal, stderr }) => {
    const how =
      signal === null
        ? say`the analysis process ended with code ${String(exitCode)} before it sent a result`
        : killed(
            say`the analysis process was killed by ${signal} before it sent a result`,
            signal === 'SIGKILL',
          );
    return stderr === '' ? how : say`${how}; it wrote: ${stderr}`;
  },
  unreadable: () => say`the analysis process sent an unreadable message`,
  timeout: ({ timeoutMs }) => say`the analysis took longer than ${formatDuration(timeoutMs / 1000)}`,
  cancelled: () => say`the analysis was cancelled`,
};

/** `sigkill`: a signal that only an administrator or the kernel sends. */
function killed(how: string, sigkill: boolean): string {
  return sigkill ? say`${how}, as the kernel does when memory runs out` : how;
}
