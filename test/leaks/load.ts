/** What the programs of this folder have in common: a pace, and requests to themselves over real sockets. */
import { Agent, createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 1 leaks 5 MB a minute or more, 0.2 a fifth of it. */
const RATE = Number(process.env['RATE'] ?? 1);
const TICK_MS = 50;
/** Answers that a client waits for at most; beyond that it asks nothing, so that no program leaks by its own load. */
const MAX_IN_FLIGHT = 64;

/** Calls `work` so many times a second (times RATE), for as long as the program runs. What a stall left out is not made up for. */
export function repeat(perSecond: number, work: (index: number) => unknown): void {
  repeatAt(() => perSecond, work);
}

/** The same where the load changes: `perSecond` is asked with the seconds since the start. */
export function repeatAt(perSecond: (seconds: number) => number, work: (index: number) => unknown): void {
  const started = performance.now();
  const runner = process.ppid;
  let due = 0;
  let index = 0;
  setInterval(() => {
    // A runner that was killed cannot end its programs, and a leak must not go on without it.
    if (process.ppid !== runner) process.exit();
    due += (perSecond((performance.now() - started) / 1000) * RATE * TICK_MS) / 1000;
    for (; due >= 1; due--) void work(index++);
  }, TICK_MS);
}

export interface Load {
  /** At RATE 1. */
  readonly perSecond: number | ((seconds: number) => number);
  readonly path: (index: number) => string;
  /** Makes it a POST. */
  readonly body?: (index: number) => string;
  readonly headers?: (index: number) => Readonly<Record<string, string>>;
  /** Sockets that the client keeps alive. Default: 8. */
  readonly sockets?: number;
}

/** Serves `app` on a port of its own and sends it requests, for as long as the program runs. */
export function serveUnderLoad(app: RequestListener, load: Load): Server {
  const server = createServer(app);
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const { perSecond } = load;
    const agent = new Agent({ keepAlive: true, maxSockets: load.sockets ?? 8 });
    let inFlight = 0;
    const send = (index: number): void => {
      if (inFlight >= MAX_IN_FLIGHT) return;
      inFlight += 1;
      const body = load.body?.(index);
      const headers = {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...load.headers?.(index),
      };
      const method = body === undefined ? 'GET' : 'POST';
      request({ port, host: '127.0.0.1', path: load.path(index), method, agent, headers }, (answer) =>
        answer.resume(),
      )
        .on('close', () => {
          inFlight -= 1;
        })
        .on('error', () => {})
        .end(body);
    };
    repeatAt(typeof perSecond === 'number' ? () => perSecond : perSecond, send);
  });
  return server;
}

/** A text of this length that shares no memory with any other. */
export function prose(length: number, seed: number): string {
  return Buffer.alloc(length, `${seed} lorem ipsum `).toString('latin1');
}
