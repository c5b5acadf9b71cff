/**
 * What watching costs a service under load, and what it costs a program's start; writes docs/benchmarks.md.
 * `npm run bench [-- --pairs 5 --seconds 8 --start-up-pairs 15]`
 *
 * Each round of a service has three runs, each in a fresh process: unwatched, watched and unwatched again, in an order
 * that rotates from round to round, so that a machine that gets slower or faster over time favours none of them. The
 * two unwatched runs show how much runs of the same code differ: the noise against which the watched ratio has to be
 * read.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { issueToken } from '../src/index.js';
import type { LoadOrder, LoadResult } from './load.js';
import { benchmarksPage, type OverheadResult, overheadLines, type Round } from './page.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import { Scraper } from './scraper.js';
import type { AppName, ServiceAddress, ServiceFigures } from './service.js';
import { measureStartUp, START_UP_PAIRS, startUpLine } from './start-up.js';

const WARM_UP_SECONDS = 2;
const CONNECTIONS = 10;
const PATHS: Readonly<Record<AppName, readonly string[]>> = {
  shop: ['/products?q=oak&campaign=c1', '/products/7', '/products?q=lamp', '/products/42', '/products?q=rug'],
  json: ['/hello'],
};

interface Run {
  readonly load: LoadResult;
  /** At the end of the load. */
  readonly rssBytes: number;
  /** During the load, without the warm-up. */
  readonly cpuSeconds: number;
  readonly watcherSeconds: number;
}

const RUNS = ['unwatched', 'watched', 'unwatched again'] as const;
const flags = readFlags();
const token = issueToken();
const folder = mkdtempSync(join(tmpdir(), 'leakwatch-bench-'));

try {
  const overheads: OverheadResult[] = [];
  for (const app of ['shop', 'json'] as const) overheads.push(await measureOverhead(app));
  const startUps = await measureStartUp(flags.startUpPairs, token);
  for (const result of startUps) console.log(startUpLine(result));
  const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
  const plan = { seconds: flags.seconds, warmUpSeconds: WARM_UP_SECONDS, connections: CONNECTIONS };
  writeFileSync(join(root, 'docs', 'benchmarks.md'), benchmarksPage(overheads, startUps, plan));
  console.log('written to docs/benchmarks.md');
} finally {
  rmSync(folder, { recursive: true });
}

async function measureOverhead(app: AppName): Promise<OverheadResult> {
  const rounds: Round[] = [];
  for (let number = 0; number < flags.pairs; number++) {
    const runs = new Map<(typeof RUNS)[number], Run>();
    for (let turn = 0; turn < RUNS.length; turn++) {
      const name = RUNS[(number + turn) % RUNS.length]!;
      runs.set(name, await measureRun(app, name === 'watched'));
    }
    const round = compare(runs.get('watched')!, runs.get('unwatched')!, runs.get('unwatched again')!);
    rounds.push(round);
    console.log(
      `${app}  pair ${number + 1}: throughput ${round.throughput.toFixed(3)} (noise ${round.throughputNoise.toFixed(3)}), ` +
        `p99 ${round.p99.toFixed(3)} (noise ${round.p99Noise.toFixed(3)}), ` +
        `CPU per request ${round.cpuPerRequest.toFixed(3)} (noise ${round.cpuPerRequestNoise.toFixed(3)})`,
    );
  }
  const result = { app, rounds };
  for (const line of overheadLines(result)) console.log(`${app}  ${line}`);
  return result;
}

/** The watched run against the mean of the unwatched runs around it; for the noise, one unwatched run against the other. */
function compare(watched: Run, unwatched: Run, again: Run): Round {
  const against = (figure: (run: Run) => number) =>
    figure(watched) / ((figure(unwatched) + figure(again)) / 2);
  const noise = (figure: (run: Run) => number) => figure(again) / figure(unwatched);
  return {
    throughput: against(({ load }) => load.requestsPerSecond),
    throughputNoise: noise(({ load }) => load.requestsPerSecond),
    p99: against(({ load }) => load.p99),
    p99Noise: noise(({ load }) => load.p99),
    cpuPerRequest: against(cpuPerRequest),
    cpuPerRequestNoise: noise(cpuPerRequest),
    watcherShare: watched.watcherSeconds / watched.cpuSeconds,
    rssBytes: watched.rssBytes - (unwatched.rssBytes + again.rssBytes) / 2,
    rssNoiseBytes: again.rssBytes - unwatched.rssBytes,
  };
}

function cpuPerRequest({ cpuSeconds, load }: Run): number {
  return cpuSeconds / load.requests;
}

async function measureRun(app: AppName, watched: boolean): Promise<Run> {
  const environment = { BENCH_TOKEN: token, BENCH_FOLDER: folder };
  const service = startProgram('service.js', [app, watched ? 'watched' : 'unwatched'], environment);
  let scraper: Scraper | undefined;
  try {
    const { url, ops } = JSON.parse(await firstLine(service)) as ServiceAddress;
    if (watched !== (ops !== null)) throw new Error('the service is not watched as it should be');
    if (ops !== null) scraper = new Scraper(ops, token);
    const order: LoadOrder = {
      url,
      paths: PATHS[app],
      connections: CONNECTIONS,
      warmUpSeconds: WARM_UP_SECONDS,
      seconds: flags.seconds,
    };
    const load = startProgram('load.js', [JSON.stringify(order)]);
    const line = firstLine(load);
    const warm = await Promise.race([once(load, 'message').then(() => figuresOf(service)), line]);
    if (typeof warm === 'string') throw new Error('the load was over before the warm-up');
    const result = JSON.parse(await line) as LoadResult;
    const end = await figuresOf(service);
    await scraper?.stop();
    if (result.failed > 0)
      throw new Error(`${result.failed} requests failed; nothing can be said of the rest`);
    return {
      load: result,
      rssBytes: end.rssBytes,
      cpuSeconds: end.cpuSeconds - warm.cpuSeconds,
      watcherSeconds: end.watcherSeconds - warm.watcherSeconds,
    };
  } finally {
    await scraper?.stop().catch(() => {});
    await endProgram(service);
  }
}

async function figuresOf(service: ChildProcess): Promise<ServiceFigures> {
  service.send('figures');
  const [figures] = await once(service, 'message');
  return figures as ServiceFigures;
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '8' },
      'start-up-pairs': { type: 'string', default: String(START_UP_PAIRS) },
    },
  });
  const count = (name: keyof typeof values) => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number above 0`);
    return value;
  };
  return { pairs: count('pairs'), seconds: count('seconds'), startUpPairs: count('start-up-pairs') };
}
