export const GC_SOURCE_NAMES = ['node-memwatch', 'memwatch-next', 'built-in'] as const;
export type GcSourceName = (typeof GC_SOURCE_NAMES)[number];

export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcKind = (typeof GC_KINDS)[number];

/** Heap figures taken by V8's epilogue callback, before the program ran on. */
interface GcFigures {
  /** Used heap of all spaces at the end of the cycle, bytes. */
  readonly usedBytes: number;
  /** Used heap when the cycle began, bytes; null where the source does not tell. */
  readonly beforeBytes: number | null;
  /** Used bytes outside the young generation (`new_space`, `new_large_object_space`); null where the source does not tell. */
  readonly oldBytes: number | null;
}

export interface GcEvent {
  readonly kind: GcKind;
  /** Begin of the cycle on the monotonic clock, milliseconds. */
  readonly startMs: number;
  readonly pauseMs: number;
  /** Null when no exact figures could be matched to this cycle. */
  readonly figures: GcFigures | null;
}

/** A port: tells of every GC cycle of this thread, in order, a batch at a time, shortly after the cycles ended. */
export interface GcSource {
  readonly name: GcSourceName;
  /** Why this source was taken rather than another, in a few words. */
  readonly reason: string;
  start(onEvents: (events: readonly GcEvent[]) => void): void;
  stop(): void;
}
