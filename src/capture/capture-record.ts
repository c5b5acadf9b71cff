import type { CaptureTrigger } from '../trigger/capture-trigger.js';

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

/** What became of one capture: the source of all that report, log and metrics say about it. */
export interface CaptureRecord {
  readonly id: string;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly dumper: DumperName;
  /** Its level, under the name that the report publishes. */
  readonly rung: CaptureLevel;
  readonly trigger: CaptureTrigger;
  readonly outcome: CaptureOutcome;
  /** Why it was skipped or failed, with the numbers, for a person; null on success. */
  readonly reason: string | null;
  /** The same as a stable code, such as `cpu-budget` or `child-signal`; null on success. */
  readonly cause: string | null;
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
}
