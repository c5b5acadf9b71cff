import type { Writable } from 'node:stream';
import type { CaptureLevel, DumperName } from './capture-record.js';
import type { ClassCount } from './class-census.js';
import type { DumpFailure } from './dump-failure.js';
import type { GraphSource } from './graph-source.js';
import type { CostPrediction } from './learned-cost.js';

/** The destination of a `.heapsnapshot`'s bytes, requested once there are some. One of the two is called, once. */
export interface SnapshotReceiver {
  /** For a dumper that writes them itself, and ends the stream. */
  stream(): Writable;
  /** For a dumper whose child writes them: the read end of a pipe, which is the receiver's from now on. */
  pipe(readFd: number): void;
}

export interface CaptureOrder {
  readonly level: CaptureLevel;
  /** Asked by the levels `sampled` and `full`, when the snapshot is on its way. */
  readonly receiver: SnapshotReceiver;
  /** Live heap as far as it is known, bytes. */
  readonly heapBytes: number;
  /** Memory expected to be taken elsewhere meanwhile, bytes: the analysis, and copies of pages that the service writes to. */
  readonly concurrentBytes: number;
  /** Of forked children and the analysis process, 0 to 19 (lowest). */
  readonly niceness: number;
  /** The dumper gives up after this, milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called in the same turn as a pause, with its times (monotonic clock): GCs in between were the capture's own. */
  paused(fromMs: number, toMs: number): void;
}

interface DumpCosts {
  /** The longest single pause of the service, milliseconds. */
  readonly pauseMs: number;
  /** The most memory it took in addition to the heap, bytes. */
  readonly peakBytes: number;
  /** Of forked children, seconds. */
  readonly cpuSeconds: number;
  /** Children that failed before the last one. */
  readonly retries: number;
  /** How its graph was written, or was to be; null for levels without one. */
  readonly graph: GraphSource | null;
}

export type DumpOutcome =
  | (DumpCosts & {
      readonly outcome: 'success';
      /** Used heap right after the full GC that every capture begins with: the exact live heap, bytes. */
      readonly liveBytes: number;
      /** Of the level `census`, the largest classes first. */
      readonly census: readonly ClassCount[] | null;
    })
  | (DumpCosts & { readonly outcome: 'failure'; readonly failure: DumpFailure });

export type DumpSuccess = Extract<DumpOutcome, { outcome: 'success' }>;

/** A port: looks at this process's heap, as deep as `level` says. Never rejects. */
export interface HeapDumper {
  readonly name: DumperName;
  /** The levels it has. */
  readonly levels: readonly CaptureLevel[];
  predict(level: CaptureLevel, heapBytes: number): CostPrediction;
  dump(order: CaptureOrder): Promise<DumpOutcome>;
}

/** The dumper in use or null, and the reason. */
export interface ChosenDumper {
  readonly dumper: HeapDumper | null;
  readonly reason: string;
}
