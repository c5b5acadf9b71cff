import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

const SCRAPE_EVERY_MS = 5000;

/** Scrapes the metrics as Prometheus would. `ops` is the watcher's address, a socket file. */
export class Scraper {
  readonly #socketPath: string;
  readonly #token: string;
  readonly #timer: NodeJS.Timeout;
  readonly #scrapes: Promise<void>[] = [];

  constructor(ops: string, token: string) {
    this.#token = token;
    this.#socketPath = ops.replace(/^unix:/, '');
    this.#timer = setInterval(() => {
      const scrape = this.#scrape();
      // stop() reports it.
      scrape.catch(() => {});
      this.#scrapes.push(scrape);
    }, SCRAPE_EVERY_MS);
  }

  /** Rejects if any scrape failed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#scrapes);
  }

  async #scrape(): Promise<void> {
    const headers = { authorization: `Bearer ${this.#token}` };
    const request = get({ socketPath: this.#socketPath, path: '/metrics', headers });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    if (response.statusCode !== 200) throw new Error(`a scrape returned status ${response.statusCode}`);
  }
}
