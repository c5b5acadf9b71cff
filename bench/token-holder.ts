import { once } from 'node:events';
import { get, type IncomingMessage, type RequestOptions } from 'node:http';

const EVERY_MS = 200;

/** Reads the report with a valid token again and again, over a new connection each time, as a person in need would. */
export class TokenHolder {
  readonly #options: RequestOptions;
  readonly #served: number[] = [];
  #refused = 0;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(port: number, token: string) {
    const headers = { authorization: `Bearer ${token}` };
    this.#options = { host: '127.0.0.1', port, path: '/ops/leaks', headers, agent: false };
  }

  async start(): Promise<void> {
    await this.#read();
    this.#loop = this.#repeat();
  }

  /** Milliseconds of each response with status 200, and how many attempts got no such response. */
  async stop(): Promise<{ readonly served: readonly number[]; readonly refused: number }> {
    this.#stopped = true;
    await this.#loop;
    return { served: this.#served, refused: this.#refused };
  }

  async #repeat(): Promise<void> {
    while (!this.#stopped) {
      await this.#read();
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  async #read(): Promise<void> {
    const started = performance.now();
    try {
      const [response] = (await once(get(this.#options), 'response')) as [IncomingMessage];
      await once(response.resume(), 'end');
      if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
      this.#served.push(performance.now() - started);
    } catch {
      this.#refused += 1;
    }
  }
}
