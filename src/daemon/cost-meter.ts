import type { Clock } from '../runtime/clock.js';

/** Adds up the time the watcher itself takes in the service's thread, and the CPU of its analysis processes. */
export class CostMeter {
  readonly #clock: Clock;
  #ownMs = 0;
  #analysisSeconds = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` and counts the time until it returns; asynchronous work counts up to its first await. */
  run<T>(work: () => T): T {
    const from = this.#clock.monotonicMs();
    try {
      return work();
    } finally {
      this.#ownMs += this.#clock.monotonicMs() - from;
    }
  }

  addPause(pauseMs: number): void {
    this.#ownMs += pauseMs;
  }

  addAnalysis(cpuSeconds: number): void {
    this.#analysisSeconds += cpuSeconds;
  }

  get cpuSeconds(): number {
    return this.#ownMs / 1000 + this.#analysisSeconds;
  }
}
