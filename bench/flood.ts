/**
 * What a flood of requests without a valid token costs the service; writes docs/benchmarks-flood.md.
 * `npm run bench -- flood [--seconds 10] [--connections 80] [--rounds 3]`
 *
 * Each round starts a service. Steady load on the app's own port is measured without a flood, then during each kind of
 * flood on the ops listener, from two other processes. Meanwhile a client with a valid token reads the report five
 * times a second, over a new connection each time. A second part reads the report of 50 findings and the metrics.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { issueToken } from '../src/index.js';
import type { FloodedAddress, FloodedFigures } from '../test/survival/programs/flooded-service.js';
import type { FloodKind, FloodOrder, FloodResult } from '../test/survival/programs/flooder.js';
import { measureAnswers } from './answers.js';
import { floodLine, floodPage } from './flood-page.js';
import type { LoadOrder, LoadResult } from './load.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import { TokenHolder } from './token-holder.js';

/** Beyond these no flood adds anything: the app's port has a process of its own, and so has the client with the token. */
const FLOODERS = 2;
const REST_MS = 1_000;
const WARM_UP_SECONDS = 2;
/** The flood begins before the measured load and outlasts it. */
const FLOOD_MARGIN_SECONDS = 4;
const KINDS: readonly (FloodKind | null)[] = [
  null,
  'keep-alive',
  'new connections',
  'pipelined',
  'silent',
  'broken',
  'crowd',
];
/** More than the listener has, so that it closes one for each that comes. */
const CROWD = 5;

export interface FloodRun {
  /** Null without a flood. */
  readonly kind: FloodKind | null;
  /** Of the flood. */
  readonly seconds: number;
  readonly app: LoadResult;
  readonly flood: FloodResult;
  readonly before: FloodedFigures;
  readonly after: FloodedFigures;
  /** Milliseconds of each response to the valid token. */
  readonly served: readonly number[];
  readonly refused: number;
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '80' },
    rate: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
  },
});
const plan = {
  seconds: Number(values.seconds),
  connections: Number(values.connections),
  rate: Number(values.rate),
  rounds: Number(values.rounds),
};
const token = issueToken();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-bench-'));

try {
  const runs: FloodRun[] = [];
  for (let round = 0; round < plan.rounds; round++) runs.push(...(await measureRound()));
  const answers = await measureAnswers(folder);
  const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
  writeFileSync(join(root, 'docs', 'benchmarks-flood.md'), floodPage(runs, answers, plan));
  console.log('written to docs/benchmarks-flood.md');
} finally {
  rmSync(folder, { recursive: true });
}

async function measureRound(): Promise<FloodRun[]> {
  const environment = { BENCH_TOKEN: token, BENCH_FOLDER: join(folder, 'state') };
  const service = startProgram('../test/survival/programs/flooded-service.js', [], environment, [
    '--expose-gc',
  ]);
  try {
    const address = JSON.parse(await firstLine(service)) as FloodedAddress;
    const runs: FloodRun[] = [];
    for (const kind of KINDS) {
      const run = await measureRun(service, address, kind);
      runs.push(run);
      console.log(floodLine(run));
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    return runs;
  } finally {
    await endProgram(service);
  }
}

async function measureRun(
  service: ChildProcess,
  { url, opsPort }: FloodedAddress,
  kind: FloodKind | null,
): Promise<FloodRun> {
  const holder = new TokenHolder(opsPort, token);
  const { seconds, rate, connections } = plan;
  const floodSeconds = seconds + FLOOD_MARGIN_SECONDS;
  const order: LoadOrder = {
    url,
    paths: ['/hello'],
    connections: 10,
    rate,
    warmUpSeconds: WARM_UP_SECONDS,
    seconds,
  };
  const flood = {
    port: opsPort,
    connections: kind === 'crowd' ? connections * CROWD : connections,
    seconds: floodSeconds,
  };
  const floods = kind === null ? [] : startFlood({ ...flood, kind });
  const load = startProgram('load.js', [JSON.stringify(order)]);
  const line = firstLine(load);
  const [before] = await Promise.all([once(load, 'message').then(() => figuresOf(service)), holder.start()]);
  const app = JSON.parse(await line) as LoadResult;
  const after = await figuresOf(service);
  const { served, refused } = await holder.stop();
  const results = (await Promise.all(floods)).map((text) => JSON.parse(text) as FloodResult);
  return { kind, seconds: floodSeconds, app, flood: total(results), before, after, served, refused };
}

function startFlood(order: FloodOrder): readonly Promise<string>[] {
  return Array.from({ length: FLOODERS }, () => {
    const part: FloodOrder = { ...order, connections: order.connections / FLOODERS };
    return firstLine(startProgram('../test/survival/programs/flooder.js', [JSON.stringify(part)]));
  });
}

function total(results: readonly FloodResult[]): FloodResult {
  const responses: Record<string, number> = {};
  for (const result of results)
    for (const [status, count] of Object.entries(result.responses))
      responses[status] = (responses[status] ?? 0) + count;
  const sum = (figure: (result: FloodResult) => number) =>
    results.reduce((all, result) => all + figure(result), 0);
  return {
    attempts: sum(({ attempts }) => attempts),
    connections: sum(({ connections }) => connections),
    responses,
  };
}

async function figuresOf(service: ChildProcess): Promise<FloodedFigures> {
  service.send('figures');
  const [figures] = await once(service, 'message');
  return figures as FloodedFigures;
}
