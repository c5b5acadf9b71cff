/**
 * Steady load on the service of the soak, in its own process: `node soak-load.js JSON` with a `SteadyLoad`. Clients
 * keep a session for a while and then start a new one; streams are opened and closed repeatedly. Every IPC message is
 * answered with `LoadCounts`; ends with its parent.
 */
import { Agent, get, type IncomingMessage, request } from 'node:http';

export interface SteadyLoad {
  readonly port: number;
  readonly perSecond: number;
  readonly streams: number;
}

export interface LoadCounts {
  readonly sent: number;
  /** Responses other than 2xx, and requests without a response. */
  readonly failed: number;
  /** Not sent because too many were in flight. */
  readonly leftOut: number;
}

const { port, perSecond, streams } = JSON.parse(process.argv[2] ?? '{}') as SteadyLoad;
const host = '127.0.0.1';
const TICK_MS = 50;
const MAX_IN_FLIGHT = 64;
const CLIENTS = 40;
/** Requests of one session; life of one stream, seconds. */
const SESSION_REQUESTS = 12;
const STREAM_SECONDS = 20;
const ARTICLES = 2500;

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const cookies: (string | undefined)[] = [];
const counts = { sent: 0, failed: 0, leftOut: 0 };
let inFlight = 0;
let due = 0;
let index = 0;

setInterval(() => {
  due += (perSecond * TICK_MS) / 1000;
  for (; due >= 1; due--) send(index++);
}, TICK_MS);
for (let stream = 0; stream < streams; stream++) {
  setTimeout(() => openStream(stream), (stream / streams) * STREAM_SECONDS * 1000);
}
process.on('message', () => process.send?.(counts));
process.on('disconnect', () => process.exit());

function send(turn: number): void {
  if (inFlight >= MAX_IN_FLIGHT) {
    counts.leftOut += 1;
    return;
  }
  const client = turn % CLIENTS;
  // Clients renew their sessions at different times.
  if ((Math.floor(turn / CLIENTS) + client) % SESSION_REQUESTS === 0) cookies[client] = undefined;
  const cookie = cookies[client];
  const headers = { 'x-client': String(client), ...(cookie === undefined ? {} : { cookie }) };
  const body = turn % 5 === 0 ? JSON.stringify({ text: `note ${turn} `.repeat(40) }) : undefined;
  inFlight += 1;
  counts.sent += 1;
  const asked =
    body === undefined
      ? get({ port, host, agent, headers, path: `/articles/${(turn * 31) % ARTICLES}` })
      : request({
          ...{ port, host, agent, method: 'POST', path: '/notes' },
          headers: { ...headers, 'content-type': 'application/json' },
        });
  asked.on('response', (answer: IncomingMessage) => {
    const [set] = answer.headers['set-cookie'] ?? [];
    if (set !== undefined) cookies[client] = set.split(';')[0];
    if ((answer.statusCode ?? 500) >= 300) counts.failed += 1;
    answer.resume();
  });
  asked.on('error', () => {
    counts.failed += 1;
  });
  asked.on('close', () => {
    inFlight -= 1;
  });
  asked.end(body);
}

function openStream(stream: number): void {
  const asked = get({
    port,
    host,
    path: '/stream',
    agent: false,
    headers: { 'x-client': `stream ${stream}` },
  });
  asked.on('response', (answer: IncomingMessage) => answer.resume());
  asked.on('error', () => {});
  setTimeout(() => {
    asked.destroy();
    openStream(stream);
  }, STREAM_SECONDS * 1000);
}
