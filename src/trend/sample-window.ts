import { type HeapSample, liveAfterMajor } from '../sampling/heap-sample.js';
import { PointSeries } from './point-series.js';
import type { TrendPoint } from './trend-point.js';
import type { TrendBasis } from './trend-verdict.js';

/** Points kept per series; `PointSeries` describes what happens beyond that. */
const MAX_POINTS = 768;
const SLOT_MS = 1_000;
/** Between two samples, wall and monotonic clock drift apart by less than this unless someone sets the clock. */
const CLOCK_STEP_MS = 1_000;

/** The past of the live heap as the points of its trends. All times are epoch milliseconds. */
export class SampleWindow {
  #offsetMs: number | null = null;
  readonly #series: Readonly<Record<TrendBasis, PointSeries>> = {
    capture: new PointSeries({ maxPoints: MAX_POINTS, slotMs: 1, keep: 'earlier' }),
    'major-gc': new PointSeries({ maxPoints: MAX_POINTS, slotMs: 1, keep: 'earlier' }),
    'upper-bound': new PointSeries({ maxPoints: MAX_POINTS, slotMs: SLOT_MS, keep: 'lower' }),
  };

  add(sample: HeapSample): void {
    this.#followClock(sample.atMs - sample.monotonicMs);
    if (sample.gc === null || sample.gc.own) return;
    this.#series['upper-bound'].add({ ms: sample.atMs, bytes: sample.oldBytes });
    if (sample.gc.kind === 'major')
      this.#series['major-gc'].add({ ms: sample.atMs, bytes: liveAfterMajor(sample) });
  }

  /** Live heap after a GC within a capture, bytes. */
  addCapturePoint(atMs: number, bytes: number): void {
    this.#series.capture.add({ ms: atMs, bytes });
  }

  /** The points at or after `sinceMs`, oldest first. */
  points(basis: TrendBasis, sinceMs: number): readonly TrendPoint[] {
    return this.#series[basis].since(sinceMs);
  }

  /** If the wall clock is set, kept points move with it, so that no slope spans the step. */
  #followClock(offsetMs: number): void {
    const stepMs = offsetMs - (this.#offsetMs ?? offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(stepMs) < CLOCK_STEP_MS) return;
    for (const series of Object.values(this.#series)) series.shift(stepMs);
  }
}
