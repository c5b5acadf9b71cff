import { type Clock, systemClock } from '../runtime/clock.js';

/** Work that is started for clients who have proved nothing yet: bounded in number, and its result in time. */
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

  /**
   * The result of `work`; `late` after the time-out, `full` at once if too many are running. Work that is late keeps its place
   * until it ends: nothing stops it, and a new one would come on top of it. Rejects as `work` does.
   */
  async run<T>(work: () => T | PromiseLike<T>): Promise<T | 'late' | 'full'> {
    if (this.#taken >= this.#limit) return 'full';
    this.#taken += 1;
    const result = Promise.resolve()
      .then(work)
      .finally(() => {
        this.#taken -= 1;
      });
    let cancel = (): void => {};
    const late = new Promise<'late'>((resolve) => {
      const timer = this.#clock.after(this.#timeoutMs, () => resolve('late'));
      cancel = () => timer.cancel();
    });
    try {
      return await Promise.race([result, late]);
    } finally {
      cancel();
    }
  }
}
