import type { CaptureLevel } from '../capture/capture-record.js';
import type { ResolvedOptions } from '../options/options.js';
import type { CaptureSituation, PredictedCapture } from '../trigger/capture-decision.js';
import type { CaptureCost } from './capture-cost.js';
import type { DaemonParts } from './daemon-parts.js';
import type { FindingDesk } from './finding-desk.js';
import { type LiveHeap, risingTrend } from './live-heap.js';

/** What speaks for and against a capture now, and what it would cost. */
export class CaptureOutlook {
  readonly #options: ResolvedOptions;
  readonly #parts: DaemonParts;
  readonly #heap: LiveHeap;
  readonly #desk: FindingDesk;
  readonly #cost: CaptureCost;

  constructor(
    options: ResolvedOptions,
    parts: DaemonParts,
    heap: LiveHeap,
    desk: FindingDesk,
    cost: CaptureCost,
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#heap = heap;
    this.#desk = desk;
    this.#cost = cost;
  }

  situation(
    level: CaptureLevel,
    now: Pick<CaptureSituation, 'nowMs' | 'asked' | 'capturing' | 'series'>,
  ): CaptureSituation {
    const { lastSample: sample, startedAtMs, trends } = this.#heap;
    return {
      ...now,
      startedAtMs,
      predicted: this.predict(level),
      dumperReason: this.#parts.dumper.reason,
      pauseBudgetMs: this.#options.pauseBudgetMs,
      memoryAvailableBytes: sample?.memoryAvailableBytes ?? null,
      memoryLimitBytes: sample?.memoryLimitBytes ?? null,
      cpuBudget: this.#cost.budgetFor(level),
      trend: risingTrend(trends),
      risesOutside: this.#desk.risesOutside,
      isCensus: level === 'census',
    };
  }

  predict(level: CaptureLevel): PredictedCapture | null {
    const { lastSample, capturedBytes } = this.#heap;
    const isForked = this.#parts.dumper.dumper?.name === 'fork';
    return this.#cost.predict(level, capturedBytes, isForked ? (lastSample?.arrayBuffersBytes ?? 0) : 0);
  }
}
