import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { getHeapSnapshot, getHeapStatistics } from 'node:v8';
import type { Clock } from '../runtime/clock.js';
import type { CaptureCost, DumpOptions, DumpOutcome, HeapDumper } from './heap-dumper.js';

/**
 * First guesses, before this process has taught us better. Measured on Node 20, two cores: 45 ms of pause a MB for an
 * Express service that just started, 100 ms for heaps of 20 to 70 MB of small objects, and 14 bytes of memory a byte.
 */
const GUESSED_PAUSE_MS_PER_BYTE = 60 / 2 ** 20;
const GUESSED_MEMORY_PER_BYTE = 15;
/** What captures taught is forgotten after this, so that a busy hour does not end them for good. */
const LEARNED_FOR_MS = 10 * 60 * 1000;
/** A heap's density changes from one capture to the next; predictions err on the safe side by this much. */
const CAUTION = 1.25;

/**
 * Captures in the service's own thread, with V8's generator: always there, and it stops the service while it runs
 * (about 6 µs a node), which is why it works behind a pause budget.
 */
export class InlineDumper implements HeapDumper {
  readonly name = 'inline';
  readonly #clock: Clock;
  #learnedPause = { atMs: Number.NEGATIVE_INFINITY, msPerByte: 0 };
  #learnedMemoryPerByte = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  predict(heapBytes: number): CaptureCost {
    return {
      pauseMs: heapBytes * this.#pauseMsPerByte() * CAUTION,
      memoryBytes: heapBytes * (this.#learnedMemoryPerByte || GUESSED_MEMORY_PER_BYTE),
    };
  }

  async dump(sink: Writable, options: DumpOptions): Promise<DumpOutcome> {
    const fromMs = this.#clock.monotonicMs();
    let pauseMs = 0;
    try {
      const rssBefore = process.memoryUsage.rss();
      const snapshot = getHeapSnapshot({ exposeNumericValues: true });
      const liveBytes = getHeapStatistics().used_heap_size;
      // The first read makes V8 serialise the whole snapshot at once: it belongs to the pause.
      snapshot.read(0);
      const toMs = this.#clock.monotonicMs();
      pauseMs = toMs - fromMs;
      options.paused(fromMs, toMs);
      const bytes = snapshot.readableLength;
      const peakBytes = Math.max(bytes, process.memoryUsage.rss() - rssBefore);
      this.#learn(liveBytes, pauseMs, peakBytes);
      await pipeline(snapshot, sink, { signal: options.signal });
      return { outcome: 'success', pauseMs, liveBytes, bytes, peakBytes };
    } catch (error) {
      sink.end();
      return { outcome: 'failure', reason: error instanceof Error ? error.message : String(error), pauseMs };
    }
  }

  #pauseMsPerByte(): number {
    const { atMs, msPerByte } = this.#learnedPause;
    return this.#clock.monotonicMs() - atMs < LEARNED_FOR_MS ? msPerByte : GUESSED_PAUSE_MS_PER_BYTE;
  }

  /** The mean of what was expected and what it was, since one capture on a busy machine may take many times as long. Memory stays with the allocator, so a later one may show less than it took: keep the largest. */
  #learn(heapBytes: number, pauseMs: number, peakBytes: number): void {
    const msPerByte = (this.#pauseMsPerByte() + pauseMs / heapBytes) / 2;
    this.#learnedPause = { atMs: this.#clock.monotonicMs(), msPerByte };
    this.#learnedMemoryPerByte = Math.max(this.#learnedMemoryPerByte, (peakBytes / heapBytes) * CAUTION);
  }
}
