import { availableParallelism, totalmem } from 'node:os';
import type { AppName } from './service.js';
import type { StartUpResult } from './start-up.js';
import { median, spread } from './statistics.js';

/** One round: the watched run against the unwatched ones, and these against one another. */
export interface Round {
  /** Requests per second, watched / unwatched. */
  readonly throughput: number;
  /** The same of two unwatched runs. */
  readonly throughputNoise: number;
  /** 99th percentile of the latency, watched / unwatched. */
  readonly p99: number;
  readonly p99Noise: number;
  /** The watcher's own CPU as part of the process's, 0 to 1. */
  readonly watcherShare: number;
  /** Watched less unwatched. */
  readonly rssBytes: number;
  readonly rssNoiseBytes: number;
}

export interface OverheadResult {
  readonly app: AppName;
  readonly rounds: readonly Round[];
}

export interface LoadPlan {
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly connections: number;
}

const TITLES: Readonly<Record<AppName, string>> = {
  shop: 'the demo shop, healthy (sessions, JSON)',
  json: 'plain JSON, nothing else',
};
const MB = 1e6;

export function overheadLines({ rounds }: OverheadResult): string[] {
  const of = (figure: keyof Round) => rounds.map((round) => round[figure]);
  const megabytes = (figure: 'rssBytes' | 'rssNoiseBytes') => of(figure).map((bytes) => bytes / MB);
  return [
    `throughput ${spread(of('throughput'), 3)}, noise ${spread(of('throughputNoise'), 3)}`,
    `p99        ${spread(of('p99'), 3)}, noise ${spread(of('p99Noise'), 3)}`,
    `watcher's own CPU ${(median(of('watcherShare')) * 100).toFixed(2)} % of the process's`,
    `RSS ${spread(megabytes('rssBytes'), 1)} MB more, noise ${spread(megabytes('rssNoiseBytes'), 1)} MB`,
  ];
}

/** `docs/benchmarks.md`. */
export function benchmarksPage(
  overheads: readonly OverheadResult[],
  startUps: readonly StartUpResult[],
  plan: LoadPlan,
): string {
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. Every figure is a ratio or a difference between runs on one machine, the
median of all rounds, with the lowest and the highest in brackets. Absolute figures would say more about the machine than about leakwatch.

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

## A service under load

${sentences(overheads[0]?.rounds.length ?? 0, plan)}

| service | throughput, watched / unwatched | noise | p99 latency, watched / unwatched | noise |
|---|---|---|---|---|
${overheads.map(ratioRow).join('\n')}

| service | watcher's own CPU, of the process's | RSS, watched less unwatched | noise |
|---|---|---|---|
${overheads.map(costRow).join('\n')}

How to read it: *noise* compares two unwatched runs of the same round, the same code twice. A watched ratio inside the
range of its noise is not told apart from no cost at all, and one outside of it in a few rounds is a hint, not a proof.
The watcher's own CPU is what it measures of its work on the service's thread (samples, trends); it leaves out what V8
does for the GC hooks and what serving a scrape takes. At production pace a timer sample is due every ten seconds,
so a run holds about one; the rest of the work comes with each garbage collection. Captures are off: they are rare, and their cost (a pause each) is told by the report
of every capture.

## A program's start

Time from spawning \`node\` to the program's first line, with and without \`--import leakwatch/register\` (production pace, own listener
open), ${startUps[0]?.pairs ?? 0} pairs in turn.

| program | unwatched | watched | difference |
|---|---|---|---|
${startUps.map(startUpRow).join('\n')}

What publishes (Express, prom-client, the listener) is loaded after the program's own first turn, so an empty program has
printed its line by then; the service that listens pays for the part that is not hidden behind its own loading.
`;
}

function sentences(rounds: number, { seconds, warmUpSeconds, connections }: LoadPlan): string {
  return `Production pace, captures off, everything else on: GC hooks, samples, trends, own listener, metrics scraped every 5 s.
${rounds} rounds of three runs, each in a fresh process: unwatched, watched, unwatched, in an order that turns. Each run is
${seconds} s of load after ${warmUpSeconds} s of warm-up, autocannon with ${connections} connections in another process,
as fast as the service answers. Watched stands against the mean of the round's two unwatched runs.`;
}

function ratioRow({ app, rounds }: OverheadResult): string {
  const cell = (figure: keyof Round) =>
    spread(
      rounds.map((round) => round[figure]),
      3,
    );
  return `| ${TITLES[app]} | ${cell('throughput')} | ${cell('throughputNoise')} | ${cell('p99')} | ${cell('p99Noise')} |`;
}

function costRow({ app, rounds }: OverheadResult): string {
  const share = `${(median(rounds.map(({ watcherShare }) => watcherShare)) * 100).toFixed(2)} %`;
  const rss = spread(
    rounds.map(({ rssBytes }) => rssBytes / MB),
    1,
  );
  const noise = spread(
    rounds.map(({ rssNoiseBytes }) => rssNoiseBytes / MB),
    1,
  );
  return `| ${TITLES[app]} | ${share} | ${rss} MB | ${noise} MB |`;
}

function startUpRow({ program, unwatchedMs, watchedMs, differencesMs }: StartUpResult): string {
  return `| ${program} | ${unwatchedMs.toFixed(0)} ms | ${watchedMs.toFixed(0)} ms | ${spread(differencesMs, 0)} ms |`;
}
