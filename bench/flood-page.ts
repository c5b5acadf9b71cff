import { availableParallelism, totalmem } from 'node:os';
import type { AnswerResult } from './answers.js';
import type { FloodRun } from './flood.js';
import { table } from './page.js';
import { percentile, spread } from './statistics.js';

const MB = 1e6;

export interface FloodPlan {
  readonly seconds: number;
  readonly connections: number;
  readonly rate: number;
  readonly rounds: number;
}

/** One run as a line for the terminal. */
export function floodLine({ kind, app, flood, before, after, served, refused }: FloodRun): string {
  return [
    (kind ?? 'no flood').padEnd(16),
    `app p99 ${app.p99.toFixed(1)} ms`,
    `CPU ${(after.cpuShare * 100).toFixed(0)} %`,
    `${flood.attempts} attempts, ${flood.connections} connections, ${JSON.stringify(flood.responses)}`,
    `heap ${((after.heapBytes - before.heapBytes) / MB).toFixed(2)} MB`,
    `RSS ${((after.rssBytes - before.rssBytes) / MB).toFixed(1)} MB`,
    `token: ${served.length} served (p99 ${percentile(served, 0.99).toFixed(0)} ms), ${refused} not`,
  ].join(', ');
}

/** `docs/benchmarks-flood.md`. */
export function floodPage(
  runs: readonly FloodRun[],
  answers: readonly AnswerResult[],
  plan: FloodPlan,
): string {
  const kinds = [...new Set(runs.map(({ kind }) => kind))];
  const rows = kinds.map((kind) => kindRow(runs.filter((run) => run.kind === kind)));
  return `# A flood on the ops listener

Written by \`npm run bench -- flood\`; do not edit.

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

An Express app answers ${plan.rate} requests a second on its own port while two other processes flood the watcher's own listener
over ${plan.connections} connections, each of which tries again as soon as it is answered or closed. The service, the load, the flood and a
client with a valid token share the cores. ${plan.rounds} rounds, ${plan.seconds} s each; figures are medians, with the lowest and the highest in
brackets.

${table([['flood', "app's p99, ms", "service's CPU, % of a core", 'attempts a second', 'heap after less before, MB', 'RSS after less before, MB', 'valid token: served / not', 'valid token, p99, ms'], ...rows])}

- *keep-alive*: requests with a wrong token, over connections that stay open as long as the listener keeps them.
- *new connections*: the same, but a new connection for each request.
- *pipelined*: 64 KB of requests with a wrong token in one packet, before reading anything.
- *silent*: connections that send nothing. As many as these do not fill the listener.
- *broken*: bytes that are not HTTP.
- *crowd*: as *keep-alive*, but five times the connections, which is more than the listener has. For each that comes it closes
  another one at once, so nothing slows these clients down but the cost of connecting; only a firewall keeps them away.

The client with the valid token comes from the same address as the flood, opens a new connection for each request, and asks five
times a second.

## Answers to a valid token

${table([['address', 'requests', 'bytes', 'p99, ms', 'CPU of the service, ms a request'], ...answers.map(answerRow)])}

One request after the other over one connection. The report has 50 findings with 32 steps, a path of 12 edges and 5 allocation sites
each; its heap changes with each request, its findings do not. The CPU is that of all threads, so the event loop is held for less.
`;
}

function kindRow(runs: readonly FloodRun[]): string[] {
  const of = (figure: (run: FloodRun) => number, digits: number) => spread(runs.map(figure), digits);
  const sum = (figure: (run: FloodRun) => number) => runs.reduce((all, run) => all + figure(run), 0);
  return [
    runs[0]!.kind ?? 'none',
    of(({ app }) => app.p99, 1),
    of(({ after }) => after.cpuShare * 100, 0),
    of(({ flood, seconds }) => flood.attempts / seconds, 0),
    of(({ before, after }) => (after.heapBytes - before.heapBytes) / MB, 2),
    of(({ before, after }) => (after.rssBytes - before.rssBytes) / MB, 1),
    `${sum(({ served }) => served.length)} / ${sum(({ refused }) => refused)}`,
    of(({ served }) => percentile(served, 0.99), 0),
  ];
}

function answerRow({ name, requests, bytes, p99Ms, cpuMs }: AnswerResult): string[] {
  const address = name === 'leaks' ? 'GET /ops/leaks' : 'GET /metrics';
  return [address, String(requests), String(bytes), p99Ms.toFixed(2), cpuMs.toFixed(2)];
}
