import type { Clock } from '../runtime/clock.js';

/** Adds up the time the watcher takes in the service's thread, and the CPU of forked children and analysis processes. */
export class CostMeter {
  readonly #clock: Clock;
  #ownMs = 0;
  #processSeconds = 0;
  #running = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` and counts the time until it returns; nested runs count once, asynchronous work up to its first await. */
  run<T>(work: () => T): T {
    if (this.#running) return work();
    this.#running = true;
    const from = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      this.#running = false;
      this.#ownMs += this.#clock.monotonicMs() - from;
    }
  }

  addProcesses(cpuSeconds: number): void {
    this.#processSeconds += cpuSeconds;
  }

  get cpuSeconds(): number {
    return this.#ownMs / 1000 + this.#processSeconds;
  }
}
