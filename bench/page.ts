import { availableParallelism, totalmem } from 'node:os';
import type { AppName } from './service.js';
import type { StartUpResult } from './start-up.js';
import { median, spread } from './statistics.js';

/** One round: the watched run against the unwatched ones, and the unwatched ones against each other. */
export interface Round {
  /** Requests per second, watched / unwatched. */
  readonly throughput: number;
  /** One unwatched run against the other. */
  readonly throughputNoise: number;
  /** 99th percentile of the latency, watched / unwatched. */
  readonly p99: number;
  readonly p99Noise: number;
  /** CPU of the process per request, watched / unwatched. */
  readonly cpuPerRequest: number;
  readonly cpuPerRequestNoise: number;
  /** The watcher's own CPU as a share of the process's, 0 to 1. */
  readonly watcherShare: number;
  /** Watched minus unwatched. */
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
    `CPU per request ${spread(of('cpuPerRequest'), 3)}, noise ${spread(of('cpuPerRequestNoise'), 3)}`,
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
  const ratios = table([
    ['service', 'figure', 'watched / unwatched', 'noise'],
    ...overheads.flatMap(ratioRows),
  ]);
  const costs = table([
    ['service', "watcher's own CPU, of the process's", 'RSS, watched less unwatched', 'noise'],
    ...overheads.map(costRow),
  ]);
  const starts = table([['program', 'unwatched', 'watched', 'difference'], ...startUps.map(startUpRow)]);
  return `# Benchmarks

Written by \`npm run bench\`; do not edit. Every figure is the median of all rounds, with the lowest and the highest in
brackets. It is a ratio or a difference between runs on one machine, because absolute figures would describe the machine.

Other benchmarks: [captures](benchmarks-capture.md), [the heap engine](benchmarks-engine.md), [half an hour of a healthy service](benchmarks-soak.md), [floods on the ops listener](benchmarks-flood.md).

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

## A service under load

Production pace, captures off, everything else on: GC hooks, samples, trends, own listener, metrics scraped every 5 s.
Rounds: ${overheads[0]?.rounds.length ?? 0}, each of three runs in fresh processes (unwatched, watched, unwatched) in rotating order. Each
run is ${plan.seconds} s of load after ${plan.warmUpSeconds} s of warm-up: autocannon in another process, ${plan.connections} connections, as fast as the service answers.
The watched run is compared with the mean of the round's two unwatched runs.

${ratios}

${costs}

How to read it: "noise" compares the two unwatched runs of a round, the same code twice. A watched ratio within the
range of its noise cannot be distinguished from no cost at all. One outside of it in a few rounds is a hint, not a proof.
Throughput and latency vary with whatever else the machine does; CPU per request (of the whole process) varies least.

The watcher's own CPU is what it measures of its own work on the service's thread (samples, trends). It leaves out V8's work
for the GC hooks and the answering of scrapes; the ratios include both. At production pace a timer sample is due every
ten seconds, so a short run has one at most; the other samples come with GCs. Captures are off because they are rare;
the report lists the pause of each.

## A program's start

Time from spawning \`node\` to the program's first line, with and without \`--import leakwatch/register\` (production pace,
own listener): ${startUps[0]?.pairs ?? 0} pairs, alternating.

${starts}

Express, prom-client and the listener are loaded after the program's first turn of the event loop. An empty program has
printed its line by then; a service that is about to listen waits for what it would not load itself.
`;
}

function ratioRows({ app, rounds }: OverheadResult): string[][] {
  const row = (figure: string, ratio: keyof Round, noise: keyof Round) => {
    const of = (name: keyof Round) =>
      spread(
        rounds.map((round) => round[name]),
        3,
      );
    return [TITLES[app], figure, of(ratio), of(noise)];
  };
  return [
    row('throughput', 'throughput', 'throughputNoise'),
    row('p99 latency', 'p99', 'p99Noise'),
    row('CPU per request', 'cpuPerRequest', 'cpuPerRequestNoise'),
  ];
}

function costRow({ app, rounds }: OverheadResult): string[] {
  const share = median(rounds.map(({ watcherShare }) => watcherShare)) * 100;
  const megabytes = (figure: 'rssBytes' | 'rssNoiseBytes') =>
    spread(
      rounds.map((round) => round[figure] / MB),
      1,
    );
  return [
    TITLES[app],
    `${share.toFixed(2)} %`,
    `${megabytes('rssBytes')} MB`,
    `${megabytes('rssNoiseBytes')} MB`,
  ];
}

function startUpRow({ program, unwatchedMs, watchedMs, differencesMs }: StartUpResult): string[] {
  return [
    program,
    `${unwatchedMs.toFixed(0)} ms`,
    `${watchedMs.toFixed(0)} ms`,
    `${spread(differencesMs, 0)} ms`,
  ];
}

/** A Markdown table; the first row is its head. Formatted so that the formatter leaves it unchanged. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...body] = rows;
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
