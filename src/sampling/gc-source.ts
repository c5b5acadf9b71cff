export const GC_SOURCE_NAMES = ['node-memwatch', 'memwatch-next', 'built-in'] as const;
export type GcSourceName = (typeof GC_SOURCE_NAMES)[number];

export const GC_KINDS = ['minor', 'major', 'incremental', 'weakcb'] as const;
export type GcKind = (typeof GC_KINDS)[number];

/** Heap figures taken in V8's GC epilogue callback, before the program continued. */
interface GcFigures {
  /** Used heap of all spaces at the end of the cycle, bytes. */
  readonly usedBytes: number;
  /** Used heap when the cycle began, bytes; null if the source does not report it. */
  readonly beforeBytes: number | null;
  /** Used bytes outside the young generation (`new_space`, `new_large_object_space`); null if the source does not report them. */
  readonly oldBytes: number | null;
}

export interface GcEvent {
  readonly kind: GcKind;
  /** Start of the cycle on the monotonic clock, milliseconds. */
  readonly startMs: number;
  readonly pauseMs: number;
  /** Null if no exact figures could be matched to this cycle. */
  readonly figures: GcFigures | null;
}

/** A port: reports every GC cycle of this thread, in order, in batches, shortly after the cycles end. */
export interface GcSource {
  readonly name: GcSourceName;
  /** Why this source was chosen rather than another, in a few words. */
  readonly reason: string;
  start(onEvents: (events: readonly GcEvent[]) => void): void;
  stop(): void;
}
