import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import type { GraphRoots, GraphWriter } from './graph-source.js';

export const DUMPER_NAMES = ['fork', 'inline', 'none'] as const;
export type DumperName = (typeof DUMPER_NAMES)[number];

/** How deep a capture looks, cheapest first: size of the heap, its classes, its graph (a sample of it), all of its graph. */
export const CAPTURE_LEVELS = ['probe', 'census', 'sampled', 'full'] as const;
export type CaptureLevel = (typeof CAPTURE_LEVELS)[number];

/** Whether it yields a graph, which is then analysed. */
export function hasGraph(level: CaptureLevel): level is 'sampled' | 'full' {
  return level === 'sampled' || level === 'full';
}

export const CAPTURE_OUTCOMES = [
  'success',
  'skipped',
  'dump-failed',
  'analysis-failed',
  'analysis-timeout',
  'cancelled',
] as const;
export type CaptureOutcome = (typeof CAPTURE_OUTCOMES)[number];

/** Why a capture was skipped or failed. A code that a decision, a dump or an analysis can have must be here. */
export const CAPTURE_CAUSES = [
  // No capture is due or allowed; a dump can fail for lack of memory as well.
  'captures-off',
  'already-capturing',
  'warming-up',
  'spacing',
  'cooling-down',
  'no-growth',
  'pause-over-budget',
  'no-memory-headroom',
  'cpu-budget',
  // The dump failed.
  'stopped',
  'memory-short',
  'over-allotment',
  'too-long',
  'pool-busy',
  'worker-busy',
  'child-signal',
  'child-threw',
  'child-memory',
  'child-time',
  'child-inheritance',
  'child-exit',
  'end-lost',
  'census-unreadable',
  'graph-check',
  'no-snapshot',
  'reader-gone',
  'error',
  // The analysis failed.
  'step-failed',
  'not-started',
  'heap-exhausted',
  'ended-early',
  'unreadable',
  'cancelled',
  'timeout',
] as const;
export type CaptureCause = (typeof CAPTURE_CAUSES)[number];

/** What became of one capture, taken or skipped, with its cost: the source of all that report, log and metrics say about it. */
export interface CaptureRecord {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly dumper: DumperName;
  /** How deep it looked: `probe` (size of the live heap), `census` (its classes), `sampled` or `full` (its graph). */
  readonly rung: CaptureLevel;
  readonly trigger: CaptureTrigger;
  readonly outcome: CaptureOutcome;
  /** Why it was skipped or failed, with the numbers, for a person; null on success. */
  readonly reason: string | null;
  /** The same as a stable code, such as `cpu-budget` or `child-signal`; null on success. */
  readonly cause: CaptureCause | null;
  /** The longest single pause of the service, milliseconds. */
  readonly pauseMs: number;
  /** From the decision to the end of the analysis, milliseconds. */
  readonly durationMs: number;
  /** Time the analysis process needed, milliseconds. */
  readonly analysisMs: number;
  /** CPU of the capture's other processes, forked children and analysis, seconds. */
  readonly cpuSeconds: number;
  /** The most memory the capture took in addition to the heap, bytes; 0 when unknown. */
  readonly peakBytes: number;
  readonly nodes: number;
  /** Forked children that failed before one succeeded. */
  readonly retries: number;
  /** What wrote the graph: leakwatch's own writer, or V8's generator; null without a graph. */
  readonly writer: GraphWriter | null;
  /** Where the native writer began: V8's own roots, or objects that JavaScript can name; null if it did not write. */
  readonly roots: GraphRoots | null;
  /** Why V8's generator wrote a full graph in place of the native writer, for a person; null if it did not. */
  readonly writerReason: string | null;
}
