import type { CaptureRecord, DumperName } from '../capture/capture-record.js';
import type { Finding } from '../findings/finding.js';
import type { Pace } from '../pace/pace.js';
import type { WatcherState } from '../report/report.js';
import type { GcSourceName } from '../sampling/gc-source.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import type { TimeToLimit } from '../trend/time-to-limit.js';
import type { TrendVerdict } from '../trend/trend-verdict.js';
import type { StateReason } from '../wording/state-text.js';
import type { CensusStatus } from './capture-ladder.js';

export const TREND_WINDOWS = ['short', 'medium', 'long'] as const;
type TrendWindow = (typeof TREND_WINDOWS)[number];

/** Where background work can fail; a failure is counted, logged once, and watching goes on. */
export const ERROR_STAGES = ['sampling', 'trend', 'capture', 'analysis', 'findings', 'store'] as const;
export type ErrorStage = (typeof ERROR_STAGES)[number];

/** Everything the daemon knows, read at once by report, metrics and log. */
export interface DaemonStatus {
  readonly state: WatcherState;
  /** For a person: the detail, and while `watching` the code before it. */
  readonly reason: string;
  readonly reasonCode: StateReason['code'];
  readonly reasonDetail: string;
  readonly pace: Pace;
  readonly gcSource: { readonly name: GcSourceName; readonly reason: string };
  readonly dumper: { readonly name: DumperName; readonly reason: string };
  /** Milliseconds since the Unix epoch. */
  readonly startedAtMs: number;
  readonly lastSample: HeapSample | null;
  /** The latest exact live heap: bytes used after a full GC, and when (epoch milliseconds). */
  readonly live: { readonly bytes: number; readonly atMs: number } | null;
  readonly samples: number;
  readonly errors: Readonly<Record<ErrorStage, number>>;
  /** CPU the watcher took in this process, in forked children and in analysis processes, seconds. */
  readonly cpuSeconds: number;
  readonly trends: Readonly<Record<TrendWindow, TrendVerdict>>;
  readonly timeToLimit: TimeToLimit | null;
  readonly findings: readonly Finding[];
  /** The latest captures, newest last. */
  readonly captures: readonly CaptureRecord[];
  /** Null before the first. */
  readonly census: CensusStatus | null;
}

/** Events of the daemon and of the public watcher, with their arguments. */
export interface WatcherEvents {
  sample: [sample: HeapSample];
  capture: [capture: CaptureRecord];
  /** A finding is new or its status changed. */
  finding: [finding: Finding];
  state: [state: WatcherState, reason: string];
}
