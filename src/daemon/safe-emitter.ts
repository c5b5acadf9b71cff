import { EventEmitter } from 'node:events';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import type { WatcherEvents } from './daemon-status.js';

type Listener<E extends keyof WatcherEvents> = (...args: WatcherEvents[E]) => void;

/** An emitter whose listeners can do no harm: if one throws or rejects, the others still get the event, and the watcher counts no error. */
export class SafeEmitter {
  readonly #logger: Logger;
  readonly #emitter = new EventEmitter();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  on<E extends keyof WatcherEvents>(event: E, listener: Listener<E>): void {
    this.#emitter.on(event, listener);
  }

  once<E extends keyof WatcherEvents>(event: E, listener: Listener<E>): void {
    this.#emitter.once(event, listener);
  }

  off<E extends keyof WatcherEvents>(event: E, listener: Listener<E>): void {
    this.#emitter.off(event, listener);
  }

  emit<E extends keyof WatcherEvents>(event: E, ...args: WatcherEvents[E]): void {
    for (const listener of this.#emitter.rawListeners(event)) {
      try {
        const result: unknown = Reflect.apply(listener, this.#emitter, args);
        if (result instanceof Promise) result.catch((error: unknown) => this.#blame(event, error));
      } catch (error) {
        this.#blame(event, error);
      }
    }
  }

  listenerCount(event: keyof WatcherEvents): number {
    return this.#emitter.listenerCount(event);
  }

  clear(): void {
    this.#emitter.removeAllListeners();
  }

  #blame(event: keyof WatcherEvents, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#logger.warn(say`a listener of '${event}' failed: ${message}`);
  }
}
