import { LearnedCost } from '../capture/learned-cost.js';
import type { ResolvedOptions } from '../options/options.js';
import { MIB, tenths } from '../runtime/units.js';
import type { HeapSize } from '../sampling/full-gc.js';
import { gcBusyText, gcNotOfferedText, gcOverBudgetText } from '../wording/full-gc-text.js';
import type { DaemonParts } from './daemon-parts.js';
import type { LiveHeap } from './live-heap.js';

/** Between the end of one and the beginning of the next. */
const COOL_DOWN_MS = 10_000;
/** When a capture is in the way. Most end sooner. */
const CAPTURE_WAIT_MS = 5_000;
/** First guess, before this process has taught us better: twice what Node 20 took for heaps of 20 to 320 MB of small objects. */
const GUESS = { pauseMsPerByte: 2 / MIB, memoryPerByte: 0, cpuSecondsPerByte: 0 };

export type FullGcOutcome =
  | {
      readonly outcome: 'collected';
      /** Epoch milliseconds. */
      readonly atMs: number;
      readonly pauseMs: number;
      readonly before: HeapSize;
      readonly after: HeapSize;
    }
  /** `detail`: for a person. */
  | {
      readonly outcome: 'busy';
      readonly because: 'cool-down' | 'capture';
      readonly detail: string;
      readonly retryAfterMs: number;
    }
  | {
      readonly outcome: 'refused';
      readonly because: 'pause-over-budget' | 'not-offered';
      readonly detail: string;
    };

/** Full GCs that a client asks for. They stop the service as long as they take, so `pauseBudgetMs` limits them as it limits captures. */
export class FullGcs {
  readonly #budgetMs: number;
  readonly #parts: Pick<DaemonParts, 'clock' | 'fullGc' | 'ownPauses' | 'work'>;
  readonly #heap: LiveHeap;
  readonly #capturing: () => boolean;
  readonly #cost: LearnedCost;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** `capturing`: whether a capture is running. */
  constructor(
    { pauseBudgetMs }: Pick<ResolvedOptions, 'pauseBudgetMs'>,
    parts: Pick<DaemonParts, 'clock' | 'fullGc' | 'ownPauses' | 'work'>,
    heap: LiveHeap,
    capturing: () => boolean,
  ) {
    this.#budgetMs = pauseBudgetMs;
    this.#parts = parts;
    this.#heap = heap;
    this.#capturing = capturing;
    this.#cost = new LearnedCost(parts.clock, GUESS);
  }

  /** Collects at once, or says why not. */
  run(): FullGcOutcome {
    const { clock, fullGc, ownPauses, work } = this.#parts;
    const fromMs = clock.monotonicMs();
    const retryAfterMs = this.#lastMs + COOL_DOWN_MS - fromMs;
    if (retryAfterMs > 0) return busy('cool-down', retryAfterMs);
    // A GC writes to every page, and while a forked child lives, each page that is written to is copied.
    if (this.#capturing()) return busy('capture', CAPTURE_WAIT_MS);
    const { pauseMs: expectedMs } = this.#cost.predict(this.#heap.capturedBytes);
    if (expectedMs > this.#budgetMs) {
      const detail = gcOverBudgetText(expectedMs, this.#budgetMs);
      return { outcome: 'refused', because: 'pause-over-budget', detail };
    }
    const before = fullGc.size();
    const pausedMs = clock.monotonicMs();
    if (!fullGc.run()) return { outcome: 'refused', because: 'not-offered', detail: gcNotOfferedText() };
    const toMs = clock.monotonicMs();
    this.#lastMs = toMs;
    ownPauses.add(pausedMs, toMs);
    const after = fullGc.size();
    const pauseMs = toMs - pausedMs;
    const learned = { heapBytes: after.usedBytes, pauseMs, memoryBytes: null, cpuSeconds: null };
    this.#cost.learn({ ...learned, complete: true });
    const atMs = clock.now();
    work.guard('sampling', () => this.#heap.captured(after.usedBytes, atMs));
    return { outcome: 'collected', atMs, pauseMs: tenths(pauseMs), before, after };
  }
}

function busy(because: 'cool-down' | 'capture', retryAfterMs: number): FullGcOutcome {
  return { outcome: 'busy', because, detail: gcBusyText(because), retryAfterMs };
}
