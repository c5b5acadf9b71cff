import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { HeapSample } from './heap-sample.js';

/** HTTP/1 requests on every Node; HTTP/2 streams from Node 22 on (Node 20 publishes none). Frameworks build on these servers. */
const SERVED = ['http.server.request.start', 'http2.server.stream.start'] as const;
/** Requests of `node:http`, of `node:http2` (from Node 22 on) and of undici, be it Node's own (`fetch`) or a package. */
const OUTGOING = ['http.client.request.start', 'http2.client.stream.start', 'undici:request:create'] as const;

type Counts = Pick<HeapSample, 'requests' | 'outgoingRequests' | 'workersStarted'>;

/** The traffic that growth is related to, a count: requests served, or requests made if the process serves none, such as a worker that polls. */
export function trafficOf({ requests, outgoingRequests }: Omit<Counts, 'workersStarted'>): number {
  return requests > 0 ? requests : outgoingRequests;
}

/** Counts the requests this thread begins to serve and to make, and the workers it starts. An event costs one addition and leaves nothing behind. */
export class RequestCounter {
  /** So far; stopping keeps them. Workers include those that ended. */
  readonly counts: Readonly<Counts>;
  readonly #listeners: readonly (readonly [channel: string, listener: (message: unknown) => void])[];
  #running = false;

  /** `ignores`: servers whose requests do not count. */
  constructor(ignores: (server: unknown) => boolean = () => false) {
    const counts = { requests: 0, outgoingRequests: 0, workersStarted: 0 };
    const onRequest = (message: unknown): void => {
      if (!ignores((message as { readonly server?: unknown }).server)) counts.requests++;
    };
    const onOutgoing = (): void => {
      counts.outgoingRequests++;
    };
    const onWorker = (): void => {
      counts.workersStarted++;
    };
    this.counts = counts;
    this.#listeners = [
      ...SERVED.map((channel) => [channel, onRequest] as const),
      ...OUTGOING.map((channel) => [channel, onOutgoing] as const),
      ['worker_threads', onWorker],
    ];
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const [channel, listener] of this.#listeners) subscribe(channel, listener);
  }

  stop(): void {
    this.#running = false;
    for (const [channel, listener] of this.#listeners) unsubscribe(channel, listener);
  }
}
