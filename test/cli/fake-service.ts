import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

export interface ReceivedRequest {
  /** Method and path with its query. */
  readonly line: string;
  readonly accept: string | undefined;
  readonly authorization: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: unknown;
}

export type Answer = (request: ReceivedRequest) => Reply | Promise<Reply>;

/** A server of our own in the place of a service, with answers that a real one gives only in rare moments. */
export class FakeService {
  readonly received: ReceivedRequest[] = [];
  readonly #answer: Answer;
  #server: Server | null = null;
  #port = 0;

  constructor(answer: Answer) {
    this.#answer = answer;
    after(() => this.stop());
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On the same port as before, if it was started before. */
  async start(): Promise<this> {
    const server = createServer((request, response) => void this.#respond(request, response));
    this.#server = server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
    const { accept, authorization } = request.headers;
    const ifNoneMatch = request.headers['if-none-match'];
    const line = `${request.method} ${request.url}`;
    const received = { line, accept, authorization, ifNoneMatch, body: text };
    this.received.push(received);
    const { status = 200, headers = {}, body } = await this.#answer(received);
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    response.writeHead(status, { 'x-request-id': 'r-1', ...headers });
    response.end(isRaw || body === undefined ? body : JSON.stringify(body));
  }
}

export function problem(status: number, code: string, detail: string, headers = {}): Reply {
  return { status, headers, body: { type: 'urn:x', title: 'Title.', status, code, detail } };
}
