import type { TrendPoint } from './trend-point.js';

/** Slots kept; the oldest leaves when another begins, and what it held counts in `peak` from then on. 640 bytes a series. */
const SLOTS = 40;

/** The lower envelope of one series: the lowest value of each slot of time, over a bounded past. */
export class FloorSeries {
  readonly #slotMs: number;
  readonly #times = new Float64Array(SLOTS);
  readonly #floors = new Float64Array(SLOTS);
  #slots = 0;
  #peak = Number.NEGATIVE_INFINITY;

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /** Takes in a value of a moment on the monotonic clock. True when a slot came to its end by it. */
  add(ms: number, value: number): boolean {
    const newest = this.#slots - 1;
    if (newest >= 0 && this.#slotOf(ms) <= this.#slotOf(this.#times[newest]!)) {
      if (value < this.#floors[newest]!) {
        this.#floors[newest] = value;
        // What comes late, as the sample of a collection may, must not draw the slot back in time.
        this.#times[newest] = Math.max(ms, this.#times[newest]!);
      }
      return false;
    }
    if (this.#slots === SLOTS) this.#dropOldest();
    this.#times[this.#slots] = ms;
    this.#floors[this.#slots] = value;
    this.#slots += 1;
    return this.#slots > 1;
  }

  /** The highest floor of those that left; nothing ever left: minus infinity. */
  get peak(): number {
    return this.#peak;
  }

  /** The floors of the slots that are over, oldest first. The running one may still fall, so it is left out. */
  points(): readonly TrendPoint[] {
    return this.all().slice(0, -1);
  }

  /** With the running slot. */
  all(): readonly TrendPoint[] {
    return Array.from({ length: this.#slots }, (_, i) => ({ ms: this.#times[i]!, bytes: this.#floors[i]! }));
  }

  #slotOf(ms: number): number {
    return Math.floor(ms / this.#slotMs);
  }

  #dropOldest(): void {
    this.#peak = Math.max(this.#peak, this.#floors[0]!);
    this.#times.copyWithin(0, 1);
    this.#floors.copyWithin(0, 1);
    this.#slots -= 1;
  }
}
