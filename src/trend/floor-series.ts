import type { TrendPoint } from './trend-point.js';

/** Slots kept, 640 bytes a series. A new slot drops the oldest one, whose floor then counts only in `peak`. */
const SLOTS = 40;

/** The lower envelope of one series: the lowest value in each time slot, over a bounded past. */
export class FloorSeries {
  readonly #slotMs: number;
  readonly #times = new Float64Array(SLOTS);
  readonly #floors = new Float64Array(SLOTS);
  #slots = 0;
  #peak = Number.NEGATIVE_INFINITY;

  constructor(slotMs: number) {
    this.#slotMs = slotMs;
  }

  /** Adds a value; `ms` is on the monotonic clock. True if this ended a slot. */
  add(ms: number, value: number): boolean {
    const newest = this.#slots - 1;
    if (newest >= 0 && this.#slotOf(ms) <= this.#slotOf(this.#times[newest]!)) {
      if (value < this.#floors[newest]!) {
        this.#floors[newest] = value;
        // A late value, such as the sample of a GC, must not move the slot back in time.
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

  /** The highest floor among dropped slots; minus infinity if none was dropped. */
  get peak(): number {
    return this.#peak;
  }

  /** The floors of the completed slots, oldest first. The current slot is left out, because it may still fall. */
  points(): readonly TrendPoint[] {
    return this.all().slice(0, -1);
  }

  /** Including the current slot. */
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
