import type { NativeRefusal } from './graph-source.js';

/** Why the governor killed a child. Bytes and milliseconds. */
export type GovernorKill =
  | {
      readonly cause: 'memory-short';
      /** The memory that the container had left, and the part of it reserved for the service. */
      readonly availableBytes: number;
      readonly reserveBytes: number;
      readonly heldBytes: number;
      /** Since the previous check. */
      readonly grownBytes: number;
    }
  | { readonly cause: 'over-allotment'; readonly heldBytes: number; readonly allotmentBytes: number }
  | {
      readonly cause: 'too-long';
      readonly ranMs: number;
      readonly stoppedMs: number;
      /** Without or with the time it was suspended. */
      readonly limit: 'run' | 'run-and-stops';
      readonly limitMs: number;
    };

/** Why a dump failed, as values; `wording/` makes sentences from them. */
export type DumpFailure =
  | GovernorKill
  | { readonly cause: 'stopped' }
  /** No process was left to read the snapshot: the analysis process has died, and the dumper is not at fault. */
  | { readonly cause: 'reader-gone' }
  | { readonly cause: 'no-snapshot' }
  | {
      readonly cause: 'no-memory-headroom';
      readonly availableBytes: number;
      /** See `CaptureOrder`. */
      readonly concurrentBytes: number;
      readonly reserveBytes: number;
    }
  | { readonly cause: 'pool-busy'; readonly waitedMs: number }
  /** The child would have waited for a V8 thread that exists only in the service. */
  | { readonly cause: 'worker-busy' }
  | { readonly cause: 'child-signal'; readonly signal: number }
  | { readonly cause: 'child-threw'; readonly message: string }
  | { readonly cause: 'child-memory'; readonly peakBytes: number }
  | { readonly cause: 'child-time' }
  | { readonly cause: 'child-inheritance' }
  | { readonly cause: 'child-exit'; readonly exitCode: number }
  | { readonly cause: 'end-lost' }
  | { readonly cause: 'census-unreadable' }
  /** The native writer's check of its graph failed, and V8's generator could not take over. */
  | Extract<NativeRefusal, { readonly cause: 'graph-check' }>
  /** What the system or Node.js refused. */
  | { readonly cause: 'error'; readonly code: string | null; readonly message: string };

/** Carries a failure to the dumper that reports it; it never leaves `capture/`. */
export class DumpError extends Error {
  readonly failure: DumpFailure;

  constructor(failure: DumpFailure) {
    super(failure.cause);
    this.failure = failure;
  }
}

const READER_GONE: readonly unknown[] = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'];

/** What was thrown while a capture ran, by its code. */
export function failureOf(error: unknown, signal: AbortSignal): DumpFailure {
  if (error instanceof DumpError) return error.failure;
  if (signal.aborted) return { cause: 'stopped' };
  if (!(error instanceof Error)) return { cause: 'error', code: null, message: String(error) };
  const { code, message } = error as NodeJS.ErrnoException;
  if (READER_GONE.includes(code)) return { cause: 'reader-gone' };
  return { cause: 'error', code: typeof code === 'string' ? code : null, message };
}
