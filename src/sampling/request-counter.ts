import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const CHANNEL = 'http.server.request.start';

/** Counts the HTTP/1 requests that servers of this thread begin to serve. Node publishes none for HTTP/2. */
export class RequestCounter {
  #count = 0;
  #running = false;
  readonly #onRequest = (): void => {
    this.#count++;
  };

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
