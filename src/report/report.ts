import type { CaptureRecord } from '../capture/capture-record.js';
import { bounded } from '../findings/bounded.js';
import type { Finding } from '../findings/finding.js';

export const SCHEMA_VERSION = 1;

/** `paused` is reserved: alerts and dashboards know it, but nothing produces it yet. */
export const WATCHER_STATES = [
  'starting',
  'learning',
  'watching',
  'suspected',
  'confirmed',
  'paused',
  'failed',
] as const;
export type WatcherState = (typeof WATCHER_STATES)[number];

/** One capture, with its time as text. */
export interface ReportCapture extends Omit<CaptureRecord, 'atMs'> {
  /** ISO 8601. */
  readonly at: string;
}

/** The body of `GET /ops/leaks`, of `LEAKWATCH_REPORT` and of `watcher.report()`. */
export interface Report {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly process: {
    readonly pid: number;
    readonly nodeVersion: string;
    /** ISO 8601. */
    readonly startedAt: string;
    readonly threadId: number;
  };
  readonly watcher: {
    readonly state: WatcherState;
    /** Why it is in that state, or why nothing is captured now, for a person. */
    readonly reason: string;
    /** The same as a stable code, such as `spacing` or `trend-unknown`. */
    readonly reasonCode: string;
    /** `reason` without a code. */
    readonly detail: string;
    /** When watching began, ISO 8601. */
    readonly since: string;
    readonly gcSource: string;
    readonly dumper: string;
    readonly pace: string;
    /** The latest captures, newest last, a bounded number. */
    readonly captures: readonly ReportCapture[];
    readonly cost: { readonly cpuSeconds: number };
  };
  readonly heap: {
    /** When these figures were taken, ISO 8601; null before the first sample. */
    readonly at: string | null;
    readonly liveBytes: number;
    readonly limitBytes: number;
    readonly rssBytes: number;
    readonly externalBytes: number;
    readonly trend: {
      readonly bytesPerSecond: number;
      readonly low: number;
      readonly high: number;
      readonly windowMs: number;
    };
    readonly secondsToLimit: number | null;
    /** The ends of the interval around `secondsToLimit`; `high` is null if its slower end never reaches the limit. */
    readonly secondsToLimitRange: { readonly low: number; readonly high: number | null } | null;
  };
  /** Worst first. */
  readonly findings: readonly Finding[];
}

/** Captures in a report at most; older ones are left out. */
const MAX_CAPTURES = 50;
/** Findings in a report at most; the mildest are left out. */
const MAX_FINDINGS = 100;

/** What a report is made of. A finding, or the one it was timed from, stays the same object as long as nothing about it changes. */
export type ReportInput = Omit<Report, 'schemaVersion'>;

/** Makes the report of these values. Figures that are not finite become 0 (or null where null is allowed). */
export function buildReport({ process, watcher, heap, findings }: ReportInput): Report {
  const range = heap.secondsToLimitRange;
  return bounded<Report>({
    schemaVersion: SCHEMA_VERSION,
    process,
    watcher: { ...watcher, captures: watcher.captures.slice(-MAX_CAPTURES) },
    heap: {
      ...heap,
      secondsToLimit: finiteOrNull(heap.secondsToLimit),
      secondsToLimitRange: range === null ? null : { ...range, high: finiteOrNull(range.high) },
    },
    findings: reportedFindings(findings).map(withFiniteTime),
  });
}

/** Of copies with another time: what they are copies of. */
const untimed = new WeakMap<Finding, Finding>();

/** The finding with another time to the limit, which changes far more often than anything else about it. */
export function timedFinding(finding: Finding, secondsToLimit: number | null): Finding {
  const copy = { ...finding, secondsToLimit };
  untimed.set(copy, untimedFinding(finding));
  return copy;
}

/** The finding that differs from this one in `secondsToLimit` at most, and is the same object for every time. */
export function untimedFinding(finding: Finding): Finding {
  return untimed.get(finding) ?? finding;
}

/** Those of these findings that a report has. */
export function reportedFindings(findings: readonly Finding[]): readonly Finding[] {
  return findings.slice(0, MAX_FINDINGS);
}

/** The finding as a report has it. */
export function reportedFinding(finding: Finding): Finding {
  return bounded(withFiniteTime(finding));
}

function withFiniteTime(finding: Finding): Finding {
  return { ...finding, secondsToLimit: finiteOrNull(finding.secondsToLimit) };
}

function finiteOrNull(value: number | null): number | null {
  return Number.isFinite(value) ? value : null;
}
