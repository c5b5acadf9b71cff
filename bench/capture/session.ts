import { once } from 'node:events';
import { endProgram, firstLine, startProgram } from '../programs.js';
import type { LoadFigures } from './load.js';
import type { ServiceOrder, ServiceReady, WindowFigures } from './service.js';

export type Measured = WindowFigures & { readonly load: LoadFigures };

/** One service, and the load on it. */
export class Session {
  readonly heapBytes: number;
  readonly pid: number;
  readonly #service: ReturnType<typeof startProgram>;
  readonly #load: ReturnType<typeof startProgram>;

  private constructor(
    service: ReturnType<typeof startProgram>,
    load: ReturnType<typeof startProgram>,
    heapBytes: number,
  ) {
    this.#service = service;
    this.#load = load;
    this.heapBytes = heapBytes;
    this.pid = service.pid!;
  }

  /** `rate`: requests per second; 0 means no load. */
  static async start(megabytes: number, rate: number): Promise<Session> {
    const options = ['--expose-gc', `--max-old-space-size=${4 * megabytes + 512}`];
    const service = startProgram('capture/service.js', [String(megabytes)], {}, options);
    const { url, heapBytes } = JSON.parse(await firstLine(service)) as ServiceReady;
    return new Session(service, startProgram('capture/load.js', [url, String(rate)]), heapBytes);
  }

  async measure(order: ServiceOrder): Promise<Measured> {
    const figures = await ask<WindowFigures>(this.#service, order);
    return { ...figures, load: await ask<LoadFigures>(this.#load, figures.window) };
  }

  async end(): Promise<void> {
    await endProgram(this.#load);
    await endProgram(this.#service);
  }
}

async function ask<Answer>(program: ReturnType<typeof startProgram>, question: object): Promise<Answer> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(program, 'exit', { signal }).then(([code, by]): never => {
    throw new Error(`a program of the benchmark ended with ${code ?? by}`);
  });
  ended.catch(() => {});
  program.send(question);
  try {
    const [answer] = await Promise.race([once(program, 'message', { signal }), ended]);
    return answer as Answer;
  } finally {
    answered.abort();
  }
}
