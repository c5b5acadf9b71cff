import { GCProfiler, type GCProfilerResult } from 'node:v8';
import type { Clock } from '../runtime/clock.js';
import { CycleQueue, type CycleRecord } from './cycle-queue.js';
import type { GcFigures, GcKind } from './gc-source.js';
import { isYoungSpace } from './heap-space.js';

type CycleStatistics = GCProfilerResult['statistics'][number];

/** The names `v8.GCProfiler` gives. Any other is `minor`, the kind that claims least: MinorMarkCompact, MinorMarkSweep. */
const KIND_OF_TYPE: Readonly<Record<string, GcKind>> = {
  Scavenge: 'minor',
  MarkSweepCompact: 'major',
  IncrementalMarking: 'incremental',
  ProcessWeakCallbacks: 'weakcb',
};

/** What the performance entry of a cycle tells. */
export interface EntryTiming {
  readonly kind: GcKind;
  readonly startMs: number;
  readonly pauseMs: number;
}

/**
 * Exact figures of each cycle from a chain of `v8.GCProfiler`s, which write heap statistics in V8's prologue and
 * epilogue callbacks. They can only be read by stopping, so a new one starts before the old one stops.
 *
 * A profile grows by some 8 KB a cycle until it is read, and reading takes about 25 µs a cycle. Both stay in
 * proportion: it is read with every batch of entries, and a batch is late only when the loop is blocked.
 */
export class GcProfile {
  readonly #clock: Clock;
  readonly #queue = new CycleQueue();
  #profiler: GCProfiler | null = null;
  /** Cycles begun before the first time have no record, after the second they have one; between them nobody knows. */
  #begin = { beforeMs: 0, afterMs: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  start(): void {
    this.#queue.clear();
    const beforeMs = this.#clock.monotonicMs();
    this.#profiler = new GCProfiler();
    this.#profiler.start();
    this.#begin = { beforeMs, afterMs: this.#clock.monotonicMs() };
  }

  stop(): void {
    this.#profiler?.stop();
    this.#profiler = null;
    this.#queue.clear();
  }

  /** Figures for the next entries, in their order; null for each that cannot be matched beyond doubt. */
  figuresOf(entries: readonly EntryTiming[]): readonly (GcFigures | null)[] {
    const beforeMs = this.#clock.monotonicMs();
    const profile = this.#read();
    if (!this.#queue.add(profile, beforeMs, this.#clock.monotonicMs())) this.#restart();
    return entries.map((entry) => {
      if (entry.startMs < this.#begin.beforeMs) return null;
      const record = entry.startMs < this.#begin.afterMs ? null : this.#queue.take(entry.kind, entry.startMs);
      if (record === null) this.#restart();
      return record?.figures ?? null;
    });
  }

  #read(): readonly CycleRecord[] {
    const finished = this.#profiler;
    this.#profiler = new GCProfiler();
    this.#profiler.start();
    return finished === null ? [] : recordsOf(finished.stop());
  }

  /** Out of step: forget every record, so that cycles up to now go without figures and later ones match again. */
  #restart(): void {
    this.stop();
    this.start();
  }
}

/** `stop()` of a profiler that never ran returns nothing, whatever its type says. */
function recordsOf(profile: GCProfilerResult | undefined): readonly CycleRecord[] {
  return profile?.statistics.map(recordOf) ?? [];
}

function recordOf(cycle: CycleStatistics): CycleRecord {
  return {
    kind: KIND_OF_TYPE[cycle.gcType] ?? 'minor',
    figures: {
      usedBytes: cycle.afterGC.heapStatistics.usedHeapSize,
      beforeBytes: cycle.beforeGC.heapStatistics.usedHeapSize,
      oldBytes: oldBytesOf(cycle.afterGC.heapSpaceStatistics),
    },
  };
}

function oldBytesOf(spaces: CycleStatistics['afterGC']['heapSpaceStatistics']): number {
  let bytes = 0;
  for (const space of spaces) {
    if (!isYoungSpace(space.spaceName)) bytes += space.spaceUsedSize;
  }
  return bytes;
}
