import type { PaceRules } from '../pace/pace.js';
import { type HeapSample, liveAfterMajor } from '../sampling/heap-sample.js';
import type { SampleWindow } from '../trend/sample-window.js';
import { reachableLimit, type TimeToLimit, timeToLimit } from '../trend/time-to-limit.js';
import { judgeTrend, type TrendVerdict } from '../trend/trend-verdict.js';
import { TREND_WINDOWS } from './daemon-status.js';

export type Trends = Readonly<Record<(typeof TREND_WINDOWS)[number], TrendVerdict>>;

/** How large the live heap is, and how it moves. All times are epoch milliseconds. */
export class LiveHeap {
  readonly #rules: PaceRules;
  readonly #window: SampleWindow;
  /** When watching began. */
  startedAtMs = 0;
  #lastSample: HeapSample | null = null;
  #live: { readonly bytes: number; readonly atMs: number } | null = null;
  #trends: Trends;

  constructor(rules: PaceRules, window: SampleWindow) {
    this.#rules = rules;
    this.#window = window;
    this.#trends = this.#judge(0);
  }

  get lastSample(): HeapSample | null {
    return this.#lastSample;
  }

  /** Bytes used after the latest full GC. */
  get live(): { readonly bytes: number; readonly atMs: number } | null {
    return this.#live;
  }

  /** The best figure there is, bytes. */
  get bytes(): number {
    return this.#live?.bytes ?? this.#lastSample?.usedBytes ?? 0;
  }

  get trends(): Trends {
    return this.#trends;
  }

  /** The size that a capture will find: it begins with a full GC, so the young generation's garbage costs nothing. */
  get capturedBytes(): number {
    return Math.min(this.#lastSample?.usedBytes ?? 0, this.#lastSample?.oldBytes ?? 0);
  }

  get timeToLimit(): TimeToLimit | null {
    if (this.#lastSample === null) return null;
    const { limitBytes, memoryAvailableBytes } = this.#lastSample;
    const reachable = reachableLimit(this.bytes, limitBytes, memoryAvailableBytes);
    return timeToLimit(this.bytes, reachable, bestTrend(this.#trends));
  }

  add(sample: HeapSample): void {
    this.#lastSample = sample;
    this.#window.add(sample);
    if (sample.gc?.kind === 'major' && !sample.gc.own)
      this.#live = { bytes: liveAfterMajor(sample), atMs: sample.atMs };
  }

  /** Bytes used after the full GC of a capture. */
  captured(bytes: number, atMs: number): void {
    if (bytes === 0) return;
    this.#live = { bytes, atMs };
    this.#window.addCapturePoint(atMs, bytes);
  }

  judge(nowMs: number): void {
    this.#trends = this.#judge(nowMs);
  }

  #judge(nowMs: number): Trends {
    const { windowsMs, trend, warmUpMs } = this.#rules;
    const judged = (windowMs: number) => {
      // The modules that a program loads at its start are no trend.
      const since = Math.max(nowMs - windowMs, this.startedAtMs + warmUpMs / 2);
      const points = {
        capture: this.#window.points('capture', since),
        'major-gc': this.#window.points('major-gc', since),
        'upper-bound': this.#window.points('upper-bound', since),
      };
      return judgeTrend(points, trend);
    };
    const { short, medium, long } = windowsMs;
    return { short: judged(short), medium: judged(medium), long: judged(long) };
  }
}

/** The trend in reports: the medium window's, else the short one's, else the long one's. */
export function bestTrend(trends: Trends): TrendVerdict {
  const known = [trends.medium, trends.short, trends.long].find((trend) => trend.direction !== 'unknown');
  return known ?? trends.medium;
}

/** The trend that starts captures: that of the shortest window that rises. */
export function risingTrend(trends: Trends): TrendVerdict {
  return (
    TREND_WINDOWS.map((name) => trends[name]).find((trend) => trend.direction === 'rising') ??
    bestTrend(trends)
  );
}
