import { type HeapSample, liveAfterMajor } from '../sampling/heap-sample.js';
import { PointSeries } from './point-series.js';
import type { TrendPoint } from './trend-point.js';
import type { TrendBasis } from './trend-verdict.js';

/** Full samples kept, about 1 KB each; a new sample drops the oldest. */
const MAX_SAMPLES = 600;
/** Points kept per series; `PointSeries` describes what happens beyond that. */
const MAX_POINTS = 768;
const SLOT_MS = 1_000;
/** Between two samples, wall and monotonic clock drift apart by less than this unless someone sets the clock. */
const CLOCK_STEP_MS = 1_000;

/** The recent past in full, and the distant past as the points of a trend. All times are epoch milliseconds. */
export class SampleWindow {
  readonly #maxSamples: number;
  #samples: HeapSample[] = [];
  #offsetMs: number | null = null;
  readonly #series: Readonly<Record<TrendBasis, PointSeries>>;

  constructor(maxSamples: number = MAX_SAMPLES, maxPoints: number = MAX_POINTS) {
    this.#maxSamples = maxSamples;
    this.#series = {
      capture: new PointSeries({ maxPoints, slotMs: 1, keep: 'earlier' }),
      'major-gc': new PointSeries({ maxPoints, slotMs: 1, keep: 'earlier' }),
      'upper-bound': new PointSeries({ maxPoints, slotMs: SLOT_MS, keep: 'lower' }),
    };
  }

  add(sample: HeapSample): void {
    this.#followClock(sample.atMs - sample.monotonicMs);
    this.#samples.push(sample);
    // Cut in blocks: shifting a full array for every sample would copy it each time.
    if (this.#samples.length >= this.#maxSamples * 2) this.#samples = this.#samples.slice(-this.#maxSamples);
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

  /** The samples at or after `sinceMs`, oldest first. */
  samples(sinceMs = 0): readonly HeapSample[] {
    return this.#samples.slice(-this.#maxSamples).filter((sample) => sample.atMs >= sinceMs);
  }

  get latest(): HeapSample | null {
    return this.#samples.at(-1) ?? null;
  }

  /** If the wall clock is set, kept points move with it, so that no slope spans the step. */
  #followClock(offsetMs: number): void {
    const stepMs = offsetMs - (this.#offsetMs ?? offsetMs);
    this.#offsetMs = offsetMs;
    if (Math.abs(stepMs) < CLOCK_STEP_MS) return;
    for (const series of Object.values(this.#series)) series.shift(stepMs);
  }
}
