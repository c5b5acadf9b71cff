import { EventEmitter } from 'node:events';
import type { Logger } from '../runtime/logger.js';
import type { WatcherEvents } from './daemon-status.js';

/** An emitter whose listeners cannot harm: one that throws or rejects neither stops the others' news nor passes for a fault of the watcher. */
export class SafeEmitter extends EventEmitter<WatcherEvents> {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    super();
    this.#logger = logger;
  }

  tell<E extends keyof WatcherEvents>(event: E, ...news: WatcherEvents[E]): void {
    for (const listener of this.rawListeners(event)) {
      try {
        const answer: unknown = Reflect.apply(listener, this, news);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#blame(event, error));
      } catch (error) {
        this.#blame(event, error);
      }
    }
  }

  #blame(event: keyof WatcherEvents, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#logger.warn(`a listener of '${event}' failed: ${message}`);
  }
}
