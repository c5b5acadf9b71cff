import type { TrendPoint } from './trend-point.js';

export interface SeriesRules {
  readonly maxPoints: number;
  /** Points closer together than this become one. */
  readonly slotMs: number;
  /** Which of two merged points stays: the lower (for upper bounds) or the earlier (for exact figures, which choosing by value would bias). */
  readonly keep: 'lower' | 'earlier';
}

/** Spacing of old points when the series is full, as a fraction of their age: 1/64 of it, or more if that is not enough. */
const FINEST_PART = 64;

/**
 * A bounded series of points over unbounded time. When it is full, old points lose resolution rather than being cut
 * off: of two neighbours closer together than a fraction of their age one is dropped, at most every other point at a
 * time. Dropping every other point regardless of age would thin the past exponentially, until only its first point was
 * left. This way spacing grows with age, and any window, short or long, keeps its share of points.
 */
export class PointSeries {
  readonly #rules: SeriesRules;
  #points: TrendPoint[] = [];

  constructor(rules: SeriesRules) {
    this.#rules = rules;
  }

  add(point: TrendPoint): void {
    const last = this.#points.at(-1);
    if (
      last !== undefined &&
      Math.floor(last.ms / this.#rules.slotMs) === Math.floor(point.ms / this.#rules.slotMs)
    ) {
      this.#points[this.#points.length - 1] = this.#merge(last, point);
      return;
    }
    this.#points.push(point);
    if (this.#points.length <= this.#rules.maxPoints) return;
    const room = (this.#rules.maxPoints * 3) / 4;
    for (let part = FINEST_PART; this.#points.length > room && part >= 1; part /= 2) this.#thin(part);
    this.#points = this.#points.slice(-this.#rules.maxPoints);
  }

  since(ms: number): readonly TrendPoint[] {
    const from = this.#points.findIndex((point) => point.ms >= ms);
    return from < 0 ? [] : this.#points.slice(from);
  }

  /** Moves every point in time; for use when the wall clock was set. */
  shift(ms: number): void {
    this.#points = this.#points.map((point) => ({ ms: point.ms + ms, bytes: point.bytes }));
  }

  #thin(part: number): void {
    const newest = this.#points.at(-1)?.ms ?? 0;
    const kept: TrendPoint[] = [];
    let mergeable = false;
    for (const point of this.#points) {
      const last = kept.at(-1);
      if (last !== undefined && mergeable && point.ms - last.ms < (newest - point.ms) / part) {
        kept[kept.length - 1] = this.#merge(last, point);
        mergeable = false; // at most half of the resolution is lost at a time
      } else {
        kept.push(point);
        mergeable = true;
      }
    }
    this.#points = kept;
  }

  #merge(earlier: TrendPoint, later: TrendPoint): TrendPoint {
    return this.#rules.keep === 'lower' && later.bytes < earlier.bytes ? later : earlier;
  }
}
