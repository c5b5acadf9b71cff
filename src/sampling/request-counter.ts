import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'http.server.request.start';

/** Counts the HTTP/1 requests that servers of this thread begin to serve. Node publishes none for HTTP/2. */
export class RequestCounter {
  #count = 0;
  #running = false;
  readonly #ignores: (server: unknown) => boolean;
  readonly #onRequest = (message: unknown): void => {
    if (!this.#ignores((message as { readonly server?: unknown }).server)) this.#count++;
  };

  /** `ignores` tells of servers whose requests do not count. */
  constructor(ignores: (server: unknown) => boolean = () => false) {
    this.#ignores = ignores;
  }

  /** Requests counted so far; stopping keeps the count. */
  get count(): number {
    return this.#count;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    subscribe(CHANNEL, this.#onRequest);
  }

  stop(): void {
    this.#running = false;
    unsubscribe(CHANNEL, this.#onRequest);
  }
}
