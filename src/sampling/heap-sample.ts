import type { GcKind } from './gc-source.js';

/**
 * The live heap after a full GC, bytes. Without an exact figure, the old space a moment later: what was allocated since
 * is in the young generation.
 */
export function liveAfterMajor({ exact, usedBytes, oldBytes }: HeapSample): number {
  return exact ? usedBytes : oldBytes;
}

/** The process's memory at one moment. Bytes unless stated otherwise. */
export interface HeapSample {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** The same moment on the monotonic clock, milliseconds. */
  readonly monotonicMs: number;
  readonly cause: 'gc' | 'timer';
  /** The cycle at whose end the sample was taken; null for timer samples. `own`: caused by the watcher itself. `reclaimedBytes`: used heap before minus after, never below 0; null if the source does not report it. */
  readonly gc: {
    readonly kind: GcKind;
    readonly pauseMs: number;
    readonly own: boolean;
    readonly reclaimedBytes: number | null;
  } | null;
  /** Used heap: at the end of the cycle if `exact`, otherwise at the time of reading. */
  readonly usedBytes: number;
  readonly exact: boolean;
  /** Used heap outside the young generation. After a minor GC an upper bound of the live heap: it contains promoted garbage. */
  readonly oldBytes: number;
  readonly spaces: Readonly<Record<string, number>>;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly mallocedBytes: number;
  /** Counts of contexts. */
  readonly nativeContexts: number;
  readonly detachedContexts: number;
  /** Physical memory that V8 holds for this thread's heap, including garbage and free pages. */
  readonly committedBytes: number;
  readonly rssBytes: number;
  /** Part of `rssBytes` that is files and shared memory, from the latest timer sample; 0 if unknown. */
  readonly sharedBytes: number;
  /** V8's heap limit. */
  readonly limitBytes: number;
  /** The container's memory limit; null if there is none. */
  readonly memoryLimitBytes: number | null;
  /** Memory that the container or host can still provide; null if unknown. */
  readonly memoryAvailableBytes: number | null;
  /** HTTP requests that this process has begun to serve since watching started, a count. */
  readonly requests: number;
  /** HTTP requests that it has begun to make, a count. */
  readonly outgoingRequests: number;
  /** Worker threads that it has started, a count; their heaps count in `rssBytes` only. */
  readonly workersStarted: number;
  /** Open resources by type, counts; timer samples only. */
  readonly handles: Readonly<Record<string, number>> | null;
  /** Open file descriptors, a count; timer samples on Linux only. */
  readonly descriptors: number | null;
  /** Share of the newest descriptors that are files, 0 to 1: sockets may belong to another thread, or be unref'd. Null if unknown. */
  readonly newFilesPart?: number | null;
}
