import { type Clock, systemClock } from '../runtime/clock.js';

/** Work that is started for clients who have proved nothing yet: bounded in number and in time. */
export class Slots {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #taken = 0;

  constructor(limit: number, timeoutMs: number, clock: Clock = systemClock) {
    this.#limit = limit;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** The result of `work`; `late` after the time-out, `full` at once if too many are running. Rejects as `work` does. */
  async run<T>(work: () => T | PromiseLike<T>): Promise<T | 'late' | 'full'> {
    if (this.#taken >= this.#limit) return 'full';
    this.#taken += 1;
    let cancel = (): void => {};
    try {
      const late = new Promise<'late'>((resolve) => {
        cancel = () => timer.cancel();
        const timer = this.#clock.after(this.#timeoutMs, () => resolve('late'));
      });
      return await Promise.race([Promise.resolve().then(work), late]);
    } finally {
      cancel();
      this.#taken -= 1;
    }
  }
}
