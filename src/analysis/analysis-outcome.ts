import type { Writable } from 'node:stream';
import type { AnalysisResult, AnalysisStep } from '../heap/analysis.js';
import type { RawSite } from '../heap/sources/code-place.js';
import type { Clock } from '../runtime/clock.js';

export interface AnalysisOptions {
  /** `series` of the previous analysis of this process. */
  readonly previous: Uint8Array | null;
  /** Milliseconds since the Unix epoch. */
  readonly capturedAtMs: number;
  /** How far the wall clock was set since the previous one, milliseconds; default 0. */
  readonly clockStepMs?: number;
  /** Where memory that survives is allocated, most growth first, as V8 has it; the first 64 are passed on. */
  readonly sites?: readonly RawSite[];
  /** 0 to 19 (lowest); default 19. */
  readonly niceness?: number;
  /** The process is killed when it has not finished by then. */
  readonly timeoutMs: number;
  /**
   * Resident memory at which the process gives up, with a failure that says so. By default half of what is left to
   * this process in addition to what the two share, and 2 GiB at most.
   */
  readonly memoryLimitBytes?: number;
  /** The read end of a pipe from which the process takes the snapshot, instead of from `sink`; closed here in any case. */
  readonly snapshotFd?: number | null;
  readonly signal?: AbortSignal;
  /** The variables around; only those that Node may need to start are passed on. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Another program in place of the analysis, for tests. */
  readonly entry?: URL;
  readonly clock?: Clock;
  /** Called as a step begins. */
  readonly onProgress?: (step: AnalysisStep) => void;
}

/** How the process ended without a result; `wording/` makes sentences from it. */
export type AnalysisEnding =
  | { readonly outcome: 'crashed'; readonly cause: 'not-started'; readonly message: string }
  /** V8 gave up at its limit. */
  | { readonly outcome: 'crashed'; readonly cause: 'heap-exhausted'; readonly limitBytes: number }
  | {
      readonly outcome: 'crashed';
      readonly cause: 'ended-early';
      readonly exitCode: number | null;
      readonly signal: NodeJS.Signals | null;
      /** The end of its stderr, at most 2,048 characters. */
      readonly stderr: string;
    }
  /** It sent what is not a message of the analysis. */
  | { readonly outcome: 'crashed'; readonly cause: 'unreadable' }
  | { readonly outcome: 'timeout'; readonly cause: 'timeout'; readonly timeoutMs: number }
  | { readonly outcome: 'cancelled'; readonly cause: 'cancelled' };

/** An analysis without a result. */
export type AnalysisFailure = AnalysisEnding | Extract<AnalysisResult, { outcome: 'failure' }>;

export type AnalysisSuccess = Extract<AnalysisResult, { outcome: 'success' }>;

export type AnalysisOutcome = (AnalysisResult | AnalysisEnding) & {
  /** CPU the process took, seconds; 0 when unknown. */
  readonly cpuSeconds: number;
  /** The most memory it held, bytes; 0 when unknown. */
  readonly peakRssBytes: number;
};

export interface AnalysisHandle {
  /** The snapshot goes here, unless there is a `snapshotFd`; to be ended when it is complete. Its errors also end the analysis. */
  readonly sink: Writable;
  /** Never rejects. */
  readonly result: Promise<AnalysisOutcome>;
  /** Ends the process at once, whatever it is doing; the outcome is then `cancelled`. */
  kill(): void;
}

export type StartAnalysis = (options: AnalysisOptions) => AnalysisHandle;
