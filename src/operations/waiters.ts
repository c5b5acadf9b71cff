import type { Clock } from '../runtime/clock.js';

/** Clients that wait for the end of an operation at the same time; any more are refused. */
const MAX_WAITERS = 32;

interface Waiter {
  readonly id: string;
  release(): void;
}

/** Who waits for the end of an operation. */
export class Waiters {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null if too many wait already. */
  wait(id: string, waitMs: number, signal: AbortSignal): Promise<void> | null {
    if (waitMs <= 0 || signal.aborted) return Promise.resolve();
    if (this.#waiting.size >= MAX_WAITERS) return null;
    return new Promise((resolve) => {
      const release = (): void => {
        deadline.cancel();
        signal.removeEventListener('abort', release);
        this.#waiting.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { id, release };
      const deadline = this.#clock.after(waitMs, release);
      signal.addEventListener('abort', release);
      this.#waiting.add(waiter);
    });
  }

  ended(id: string): void {
    for (const waiter of this.#waiting) if (waiter.id === id) waiter.release();
  }

  clear(): void {
    for (const waiter of this.#waiting) waiter.release();
  }
}
