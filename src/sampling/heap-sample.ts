import type { GcKind } from './gc-source.js';

/**
 * The live heap after a full collection, bytes. Where its own figure is not known, the old space a moment later: what was
 * allocated since is in the young generation.
 */
export function liveAfterMajor({ exact, usedBytes, oldBytes }: HeapSample): number {
  return exact ? usedBytes : oldBytes;
}

/** The state of the process's memory at one moment. Bytes unless said otherwise. */
export interface HeapSample {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** The same moment on the monotonic clock, milliseconds. */
  readonly monotonicMs: number;
  readonly cause: 'gc' | 'timer';
  /** The cycle this sample stands at the end of; null for timer samples. `own`: caused by the watcher itself. `reclaimedBytes`: used heap before less after, never below 0; null where the source does not tell. */
  readonly gc: {
    readonly kind: GcKind;
    readonly pauseMs: number;
    readonly own: boolean;
    readonly reclaimedBytes: number | null;
  } | null;
  /** Used heap: at the end of the cycle where `exact`, otherwise at the time of reading. */
  readonly usedBytes: number;
  readonly exact: boolean;
  /** Used heap outside the young generation. After a minor cycle an upper bound of the live heap: promoted garbage is in it. */
  readonly oldBytes: number;
  readonly spaces: Readonly<Record<string, number>>;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly mallocedBytes: number;
  /** Counts of contexts. */
  readonly nativeContexts: number;
  readonly detachedContexts: number;
  /** Physical memory that V8 has for the heap of this thread, garbage and free pages included. */
  readonly committedBytes: number;
  readonly rssBytes: number;
  /** Part of `rssBytes` that is files and shared memory, of the latest timer sample; 0 where that cannot be told. */
  readonly sharedBytes: number;
  /** V8's heap limit. */
  readonly limitBytes: number;
  /** The container's memory limit; null when there is none. */
  readonly memoryLimitBytes: number | null;
  /** What container or host still have to give; null when unknown. */
  readonly memoryAvailableBytes: number | null;
  /** HTTP requests this process began to serve since watching began, a count. */
  readonly requests: number;
  /** HTTP requests it began to make, a count. */
  readonly outgoingRequests: number;
  /** Worker threads it started, a count; their heaps are in `rssBytes` only. */
  readonly workersStarted: number;
  /** Open resources by type, counts; timer samples only. */
  readonly handles: Readonly<Record<string, number>> | null;
  /** Open file descriptors, a count; timer samples on Linux only. */
  readonly descriptors: number | null;
  /** Part of the newest descriptors that are files, 0 to 1: sockets may be another thread's, or not waited for. Null where not known. */
  readonly newFilesPart?: number | null;
}
