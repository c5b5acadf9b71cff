/** Length of a burst for which the share can be saved up: a period of the kernel's CPU quota. */
const PERIOD_MS = 100;

/**
 * A token bucket (ITU-T I.371; as in the kernel's CFS bandwidth control) of CPU time: it fills at `cores` CPU seconds a
 * second and holds at most `PERIOD_MS` of that; what is taken beyond it is owed. Over any second no more than 1.1 shares
 * are taken, plus what is taken between two readings.
 */
export class CpuShare {
  readonly #cores: number;
  readonly #capacityMs: number;
  #savedMs: number;

  /** `cores`: CPU seconds a second, above 0 and below 1. */
  constructor(cores: number) {
    this.#cores = cores;
    this.#capacityMs = cores * PERIOD_MS;
    this.#savedMs = this.#capacityMs;
  }

  /** While `elapsedMs` passed, `cpuMs` of CPU time were taken. */
  account(elapsedMs: number, cpuMs: number): void {
    this.#savedMs = Math.min(this.#capacityMs, this.#savedMs + elapsedMs * this.#cores - cpuMs);
  }

  get usedUp(): boolean {
    return this.#savedMs <= 0;
  }

  get full(): boolean {
    // Rounding makes sums of fractions fall short of it.
    return this.#savedMs >= this.#capacityMs - 1e-6;
  }

  /** How long a single thread that never waits may run before the share is used up, milliseconds. */
  get runnableMs(): number {
    return Math.max(0, this.#savedMs) / (1 - this.#cores);
  }

  /** How long to wait until a whole burst is saved up, milliseconds. */
  get refillMs(): number {
    return (this.#capacityMs - this.#savedMs) / this.#cores;
  }
}
