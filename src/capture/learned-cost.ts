import type { Clock } from '../runtime/clock.js';
import type { PredictedCapture } from '../trigger/capture-decision.js';

/** What a capture costs per byte of live heap. */
export interface CostRates {
  readonly pauseMsPerByte: number;
  /** Bytes in addition to the heap. */
  readonly memoryPerByte: number;
  readonly cpuSecondsPerByte: number;
}

/** What a dump is expected to cost, without its analysis. */
export type CostPrediction = Omit<PredictedCapture, 'concurrentBytes'>;

/** What one capture cost; null: not known. */
export type CostObservation = { readonly [Cost in keyof CostPrediction]: number | null } & {
  /** Live heap, bytes. */
  readonly heapBytes: number;
  /** False if the capture was ended before it was done: it would have taken at least this. */
  readonly complete: boolean;
};

/** A heap's density changes from one capture to the next; predictions err on the safe side by this much. */
const CAUTION = 1.25;
/** Learned times are forgotten after this, so that one busy hour does not end captures for good. */
const TIME_FOR_MS = 10 * 60 * 1000;
/** The largest memory of this and of the half hour before it counts: it is remembered for 30 to 60 minutes. */
const MEMORY_FOR_MS = 30 * 60 * 1000;

/**
 * What captures of one kind cost in this process, learned from every one. First guesses should be pessimistic, yet let
 * some captures pass: only these correct them.
 */
export class LearnedCost {
  readonly #pause: MeanRate;
  readonly #memory: LargestRate;
  readonly #cpu: MeanRate;

  constructor(clock: Clock, guess: CostRates) {
    this.#pause = new MeanRate(clock, guess.pauseMsPerByte, false);
    this.#memory = new LargestRate(clock, guess.memoryPerByte);
    this.#cpu = new MeanRate(clock, guess.cpuSecondsPerByte, true);
  }

  predict(heapBytes: number): CostPrediction {
    return {
      pauseMs: heapBytes * this.#pause.expected() * CAUTION,
      memoryBytes: this.#memory.bytesFor(heapBytes),
      cpuSeconds: heapBytes * this.#cpu.expected(),
    };
  }

  learn({ heapBytes, pauseMs, memoryBytes, cpuSeconds, complete }: CostObservation): void {
    if (!(heapBytes > 0)) return;
    // The service's pause is over before anything can end the capture.
    this.#pause.learn(pauseMs, heapBytes, true);
    this.#memory.learn(memoryBytes, heapBytes, complete);
    this.#cpu.learn(cpuSeconds, heapBytes, complete);
  }
}

/** The mean of the expected and the measured value, since one capture on a busy machine may take many times as long. */
class MeanRate {
  readonly #clock: Clock;
  readonly #guess: number;
  readonly #keepsLower: boolean;
  #learned = Number.POSITIVE_INFINITY;
  #atMs = Number.NEGATIVE_INFINITY;

  /** `keepsLower`: for figures that do not depend on the load of the machine, a rate below the guess is never forgotten. */
  constructor(clock: Clock, guess: number, keepsLower: boolean) {
    this.#clock = clock;
    this.#guess = guess;
    this.#keepsLower = keepsLower;
  }

  expected(): number {
    if (this.#clock.monotonicMs() - this.#atMs < TIME_FOR_MS) return this.#learned;
    return this.#keepsLower ? Math.min(this.#guess, this.#learned) : this.#guess;
  }

  learn(value: number | null, heapBytes: number, complete: boolean): void {
    if (value === null || !Number.isFinite(value)) return;
    const expected = this.expected();
    const rate = value / heapBytes;
    // Guesses are pessimistic on purpose: for figures that do not depend on the load of the machine, the first measurement replaces them.
    const weight = this.#keepsLower && this.#learned === Number.POSITIVE_INFINITY ? 1 : 0.5;
    this.#learned = complete ? expected + (rate - expected) * weight : Math.max(expected, rate * CAUTION);
    this.#atMs = this.#clock.monotonicMs();
  }
}

/**
 * The largest seen lately: memory stays with the allocator, so a later capture may show less than it took. When nothing
 * was seen lately the guess is back, unless the last was lower: a guess that forbids captures could never be corrected.
 */
class LargestRate {
  readonly #clock: Clock;
  readonly #guess: number;
  /** Of the latest half hour that saw a capture, which began with its first. */
  #latest: { readonly fromMs: number; readonly rate: number } | null = null;
  /** Of the half hour before; 0: saw none. */
  #before = 0;
  /** Heap of the capture that showed the largest rate, bytes. */
  #shownAtBytes = 0;

  constructor(clock: Clock, guess: number) {
    this.#clock = clock;
    this.#guess = guess;
  }

  /**
   * A small heap shows a high rate, since part of what a capture takes does not grow with it: beyond the heap that showed
   * it, a rate above the guess counts as the guess.
   */
  bytesFor(heapBytes: number): number {
    const rate = this.expected();
    const beyond = rate > this.#guess ? Math.max(0, heapBytes - this.#shownAtBytes) : 0;
    return (heapBytes - beyond) * rate + beyond * this.#guess;
  }

  expected(): number {
    if (this.#latest === null) return this.#guess;
    const { fromMs, rate } = this.#latest;
    const ageMs = this.#clock.monotonicMs() - fromMs;
    if (ageMs < MEMORY_FOR_MS) return Math.max(rate, this.#before);
    return ageMs < 2 * MEMORY_FOR_MS ? rate : Math.min(rate, this.#guess);
  }

  learn(value: number | null, heapBytes: number, complete: boolean): void {
    if (value === null || !Number.isFinite(value)) return;
    const nowMs = this.#clock.monotonicMs();
    const seen = (value / heapBytes) * CAUTION;
    const rate = complete ? seen : Math.max(seen, this.expected());
    if (rate >= this.expected() || this.#latest === null) this.#shownAtBytes = heapBytes;
    const ageMs = this.#latest === null ? Number.POSITIVE_INFINITY : nowMs - this.#latest.fromMs;
    if (this.#latest !== null && ageMs < MEMORY_FOR_MS) {
      this.#latest = { fromMs: this.#latest.fromMs, rate: Math.max(this.#latest.rate, rate) };
      return;
    }
    this.#before = this.#latest !== null && ageMs < 2 * MEMORY_FOR_MS ? this.#latest.rate : 0;
    this.#latest = { fromMs: nowMs, rate };
  }
}
