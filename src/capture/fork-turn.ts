import type { Mappings, NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { DumpError } from './dump-failure.js';

/** Children tried for one purpose. Right after a full GC one in eight meets a busy thread of V8, later nearly none. */
export const MAX_TRIES = 6;
export const FIRST_BACK_OFF_MS = 40;
/** For work on a thread of libuv's pool, all of which the service may keep busy. */
const MAX_POOL_MS = 10_000;

/** What comes before a fork: work on libuv's pool, and the turn among the threads of the process. */
export class ForkTurn {
  readonly #binding: NativeBinding;
  readonly #clock: Clock;

  constructor(binding: NativeBinding, clock: Clock) {
    this.#binding = binding;
    this.#clock = clock;
  }

  /** Threads fork one at a time; another one waits for its turn, some milliseconds. */
  async take<T>(signal: AbortSignal, fork: (mappings: Mappings) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        const mappings = await this.onPool(signal, () => this.#binding.scan());
        signal.throwIfAborted();
        return await fork(mappings);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries >= MAX_TRIES) throw error;
        await this.pause(FIRST_BACK_OFF_MS * 2 ** (tries - 1), signal);
      }
    }
  }

  /** Waits for it until it is cancelled or has waited too long. */
  onPool<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(MAX_POOL_MS, () =>
        reject(new DumpError({ cause: 'pool-busy', waitedMs: MAX_POOL_MS })),
      );
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort);
      const done = work().finally(() => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
      });
      done.then(resolve, reject);
    });
  }

  /** Ends early when it is cancelled, because stopping waits for it. */
  pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      signal.addEventListener('abort', end);
    });
  }
}
