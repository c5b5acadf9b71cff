import type { Writable } from 'node:stream';
import type { DumperName } from './capture-record.js';

/** What a capture of a heap of the given size is expected to cost. */
export interface CaptureCost {
  /** How long the service would stand still, milliseconds. */
  readonly pauseMs: number;
  /** Memory taken beside the heap while it lasts, bytes. */
  readonly memoryBytes: number;
}

export type DumpOutcome =
  | {
      readonly outcome: 'success';
      readonly pauseMs: number;
      /** Used heap right after the collection that every capture begins with: the exact live heap, bytes. */
      readonly liveBytes: number;
      /** Size of the snapshot, bytes. */
      readonly bytes: number;
      /** The most memory it took beside the heap, bytes. */
      readonly peakBytes: number;
    }
  | { readonly outcome: 'failure'; readonly reason: string; readonly pauseMs: number };

export type DumpSuccess = Extract<DumpOutcome, { outcome: 'success' }>;

export interface DumpOptions {
  readonly signal: AbortSignal;
  /** Called in the very turn in which the service stood still, with when (monotonic clock): collections in between were the capture's own. */
  paused(fromMs: number, toMs: number): void;
}

/** A port: writes one `.heapsnapshot` of this process's heap into `sink` and ends it. Never rejects. */
export interface HeapDumper {
  readonly name: DumperName;
  predict(heapBytes: number): CaptureCost;
  dump(sink: Writable, options: DumpOptions): Promise<DumpOutcome>;
}

/** Takes a dumper by `mode`, with the reason why it was this one; null where there is none. */
export interface ChosenDumper {
  readonly dumper: HeapDumper | null;
  readonly reason: string;
}
