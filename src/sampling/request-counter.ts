import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** HTTP/1 requests on every Node; HTTP/2 streams from Node 22 on (Node 20 publishes none). Frameworks build on these servers. */
const SERVED = ['http.server.request.start', 'http2.server.stream.start'] as const;
/** Requests of `node:http`, of `node:http2` (from Node 22 on) and of undici, be it Node's own (`fetch`) or a package. */
const OUTGOING = ['http.client.request.start', 'http2.client.stream.start', 'undici:request:create'] as const;
const WORKERS = 'worker_threads';

/** The traffic that growth is related to: requests served, or requests made if the process serves none, such as a worker that polls. */
export interface Traffic {
  readonly unit: 'request' | 'outgoing request';
  /** Since watching began. */
  readonly count: number;
}

/** The traffic so far, from a sample or a counter. The unit changes at most once, when the first request is served. */
export function trafficOf(counts: { readonly requests: number; readonly outgoingRequests: number }): Traffic {
  return counts.requests > 0
    ? { unit: 'request', count: counts.requests }
    : { unit: 'outgoing request', count: counts.outgoingRequests };
}

/**
 * The traffic between two samples, in the unit of the later one: if the process had served no request by the first
 * sample but some by the second, the served ones count.
 */
export function trafficBetween(
  before: { readonly requests: number; readonly outgoingRequests: number },
  after: { readonly requests: number; readonly outgoingRequests: number },
): Traffic {
  const { unit, count } = trafficOf(after);
  return { unit, count: count - (unit === 'request' ? before.requests : before.outgoingRequests) };
}

/** Counts the requests this thread begins to serve and to make, and the workers it starts. An event costs one addition and leaves nothing behind. */
export class RequestCounter {
  #requests = 0;
  #outgoingRequests = 0;
  #workersStarted = 0;
  #running = false;
  readonly #ignores: (server: unknown) => boolean;
  readonly #onRequest = (message: unknown): void => {
    if (!this.#ignores((message as { readonly server?: unknown }).server)) this.#requests++;
  };
  readonly #onOutgoing = (): void => {
    this.#outgoingRequests++;
  };
  readonly #onWorker = (): void => {
    this.#workersStarted++;
  };

  /** `ignores`: servers whose requests do not count. */
  constructor(ignores: (server: unknown) => boolean = () => false) {
    this.#ignores = ignores;
  }

  /** Requests served so far; stopping keeps the counts. */
  get count(): number {
    return this.#requests;
  }

  /** Requests made so far. */
  get outgoingRequests(): number {
    return this.#outgoingRequests;
  }

  /** Worker threads started so far, including those that ended. */
  get workersStarted(): number {
    return this.#workersStarted;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const channel of SERVED) subscribe(channel, this.#onRequest);
    for (const channel of OUTGOING) subscribe(channel, this.#onOutgoing);
    subscribe(WORKERS, this.#onWorker);
  }

  stop(): void {
    this.#running = false;
    for (const channel of SERVED) unsubscribe(channel, this.#onRequest);
    for (const channel of OUTGOING) unsubscribe(channel, this.#onOutgoing);
    unsubscribe(WORKERS, this.#onWorker);
  }
}
