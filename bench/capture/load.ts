/**
 * Load at a steady rate, in its own process: `node load.js URL RATE`. Each request has a due time, and its latency
 * counts from then: a request that could not be sent because others hung has waited as well. (autocannon sends the
 * requests of a second in one burst at its beginning, and counts from when it sent them.) Every message is a `Window`
 * and is answered with `LoadFigures`; earlier requests are then forgotten.
 */
import { Agent, get } from 'node:http';
import { percentile } from '../statistics.js';
import { monotonicMs, type Window } from './window.js';

/** For the requests that were due in the window. */
export interface LoadFigures {
  readonly requests: number;
  readonly failed: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

interface Answer {
  readonly dueMs: number;
  readonly latencyMs: number;
  readonly ok: boolean;
}

const CONNECTIONS = 50;
const TICK_MS = 1;

const [url, rate] = process.argv.slice(2);
const everyMs = 1000 / Number(rate);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const waiting = new Set<number>();
let answers: Answer[] = [];
/** When the next request is due. */
let dueMs = monotonicMs();

// At a rate of 0 no request is ever due; a window then only waits for its end.
setInterval(() => {
  if (everyMs === Number.POSITIVE_INFINITY) dueMs = monotonicMs();
  else for (const nowMs = monotonicMs(); dueMs <= nowMs; dueMs += everyMs) send(dueMs);
}, TICK_MS);
process.on('message', (message) => void answer(message as Window));
process.on('disconnect', () => process.exit());

function send(due: number): void {
  waiting.add(due);
  const done = (ok: boolean) => {
    if (waiting.delete(due)) answers.push({ dueMs: due, latencyMs: monotonicMs() - due, ok });
  };
  const request = get(`${url}/orders`, { agent }, (response) => {
    response.resume().on('end', () => done(response.statusCode === 200));
  });
  request.on('error', () => done(false));
}

/** Waits until all requests due in the window have been answered. */
async function answer({ fromMs, toMs }: Window): Promise<void> {
  while (dueMs < toMs || [...waiting].some((due) => due < toMs))
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  const within = answers.filter(({ dueMs: due }) => due >= fromMs && due < toMs);
  answers = [];
  const latencies = within.map(({ latencyMs }) => latencyMs);
  const figures: LoadFigures = {
    requests: within.length,
    failed: within.filter(({ ok }) => !ok).length,
    p99Ms: percentile(latencies, 0.99),
    longestMs: latencies.reduce((longest, latency) => Math.max(longest, latency), 0),
  };
  process.send?.(figures);
}
