import { availableParallelism, totalmem } from 'node:os';
import { CAPTURE_LEVELS, type CaptureLevel } from '../../src/capture/capture-record.js';
import { table } from '../page.js';
import { median, spread } from '../statistics.js';
import type { ForkFigures } from './fork-figures.js';
import type { Measured } from './session.js';
import { type WriterRun, writerSection } from './writers.js';

/** A capture, and the windows without a capture around it. */
export interface StallRound {
  readonly before: Measured;
  readonly capture: Measured;
  readonly after: Measured;
}

export interface StallResult {
  readonly megabytes: number;
  readonly dumper: 'fork' | 'inline';
  /** When the load begins. */
  readonly heapBytes: number;
  readonly rounds: readonly StallRound[];
}

export interface LadderRun {
  readonly rung: CaptureLevel;
  readonly heapBytes: number;
  /** The child's peak, as seen from outside. */
  readonly privateBytes: number;
  readonly figures: Measured;
}

export interface CapturePage {
  readonly stalls: readonly StallResult[];
  readonly ladder: readonly LadderRun[];
  readonly writers: readonly WriterRun[];
  /** Requests per second. */
  readonly rate: number;
  /** Captures that are not in the figures. */
  readonly failures: readonly string[];
  /** Priority of the benchmark's session among others, -20 to 19. */
  readonly groupNice: number;
}

const MB = 1e6;
const DUMPERS = { fork: 'forked', inline: 'in process' } as const;

/** `docs/benchmarks-capture.md`. */
export function capturePage({ stalls, ladder, writers, rate, failures, groupNice }: CapturePage): string {
  const raised =
    groupNice === 0
      ? ''
      : `\nThe benchmark's session ran at priority ${groupNice} (autogroup) against whatever else the machine did at the time.`;
  const forked = stalls.filter(({ dumper }) => dumper === 'fork');
  const waits = stalls.flatMap(({ rounds }) =>
    rounds.flatMap(({ before, after }) => [before, after].map(({ loop }) => loop.waitedShare * 100)),
  );
  return `# Benchmarks of captures

Written by \`npm run bench -- capture\`; do not edit. What a capture costs the service. Figures are
medians of the rounds, with the lowest and the highest in brackets.

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}. Service, load, forked child and analysis share the cores.${raised}

## Does the service stand still?

An HTTP server with a heap of small objects (class instances in a Map, in arrays and in a dictionary), ${rate} requests a
second from another process, each sent at a fixed time and measured from that time. Windows with a capture and windows without
one (base) alternate in the same process and last equally long. Forked captures are sampled ones, as detection takes them,
analysis included. In-process captures are always full; each size ran in its own process.

"Longest stall" is the longest time for which the event loop stood still, as seen by a chain of 1 ms timers. "On a core" leaves out the
time in which its thread was ready to run but waited for a core that something else used (from its \`schedstat\`). In base
windows it waited for ${spread(waits, 1)} % of the time, which shows how busy the machine was with other work.

${table([
  [
    'heap',
    'capture',
    'rounds',
    'longest stall',
    'base',
    'on a core',
    'base',
    'fork, with preparation',
    'lasts',
    'memory besides heap',
  ],
  ...stalls.map(stallRow),
])}

${comparisons(stalls)}
Each ratio compares a capture's window with the mean of the base windows before and after it. The noise compares these two base
windows: the same code twice. A ratio within the range of its noise cannot be distinguished from no cost at all.

${table([
  ['heap', 'capture', 'figure', 'base', 'capture / base', 'noise'],
  ...stalls.flatMap((result) => [
    ratioRow(result, 'p99 of loop delay, timers', ({ loop }) => loop.p99Ms),
    ...(result.dumper === 'fork' ? phaseRows(result) : []),
    ratioRow(result, 'p99 of loop delay, monitorEventLoopDelay', ({ loop }) => loop.histogramP99Ms),
    ratioRow(result, 'p99 of latency', ({ load }) => load.p99Ms),
    ratioRow(result, 'waiting for a core', ({ loop }) => loop.waitedShare * 100, '%'),
  ]),
])}

## What the fork consists of

The service's thread stands still for three parts of a forked capture: the fork, the start of the analysis process when the
child begins to write, and checks of the child, about a tenth of a millisecond each. V8's mappings are found before the fork,
in a thread of libuv's pool. While the child lives, each page that the service writes to for the first time is
copied, a few microseconds each, so its next GCs take longer.

${table([
  [
    'heap',
    'fork, with preparation',
    'of that fork(2)',
    'mappings made inheritable',
    'search, other thread',
    'start of the analysis',
    'retries',
  ],
  ...forked.map(forkRow),
])}

Most of fork(2) is the copying of page tables. It is proportional to the number of resident pages: about 0.15 µs each.

${ladder.length === 0 ? '' : ladderSection(ladder)}
${writers.length === 0 ? '' : writerSection(writers)}
Captures that failed, and are not in the figures: ${failures.length === 0 ? 'none.' : `\n\n${failures.map((text) => `- ${text}`).join('\n')}`}
`;
}

function stallRow({ heapBytes, dumper, rounds }: StallResult): string[] {
  const pauses = rounds.map(({ capture }) => capture.capture!.record.pauseMs);
  return [
    `${(heapBytes / MB).toFixed(0)} MB`,
    DUMPERS[dumper],
    String(rounds.length),
    `${figure(rounds.map(({ capture }) => capture.loop.longestMs))} ms`,
    `${figure(rounds.map(({ before, after }) => Math.max(before.loop.longestMs, after.loop.longestMs)))} ms`,
    `${figure(rounds.map(({ capture }) => capture.loop.longestOnCoreMs))} ms`,
    `${figure(rounds.map(({ before, after }) => Math.max(before.loop.longestOnCoreMs, after.loop.longestOnCoreMs)))} ms`,
    dumper === 'fork' ? `${figure(pauses)} ms` : '',
    `${figure(rounds.map(({ capture }) => capture.capture!.record.durationMs / 1000))} s`,
    `${spread(
      rounds.map(({ capture }) => capture.capture!.dumpPeakBytes / MB),
      0,
    )} MB`,
  ];
}

/** How many times longer the service stands still in process, by size. */
function comparisons(stalls: readonly StallResult[]): string {
  const longest = ({ rounds }: StallResult) => median(rounds.map(({ capture }) => capture.loop.longestMs));
  const lines = stalls
    .filter(({ dumper }) => dumper === 'fork')
    .flatMap((fork) => {
      const inline = stalls.find(
        ({ megabytes, dumper }) => dumper === 'inline' && megabytes === fork.megabytes,
      );
      if (inline === undefined) return [];
      const ratio = longest(inline) / longest(fork);
      return [`- ${fork.megabytes} MB: the stall is ${ratio.toFixed(0)} times longer in process.`];
    });
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function ratioRow(
  { heapBytes, dumper, rounds }: StallResult,
  name: string,
  of: (window: Measured) => number,
  unit = 'ms',
): string[] {
  const base = rounds.map(({ before, after }) => (of(before) + of(after)) / 2);
  const ratios = rounds.map(({ capture }, round) => of(capture) / base[round]!);
  const noise = rounds.map(({ before, after }) => of(after) / of(before));
  return [
    `${(heapBytes / MB).toFixed(0)} MB`,
    DUMPERS[dumper],
    name,
    `${spread(base, 2)} ${unit}`,
    spread(ratios, 2),
    spread(noise, 2),
  ];
}

/** Until the analysis starts, only the child runs; then both. */
function phaseRows(result: StallResult): string[][] {
  return [
    ratioRow(result, 'the same, until the analysis', ({ loop }) => loop.p99BeforeMarkMs ?? loop.p99Ms),
    ratioRow(result, 'the same, with the analysis', ({ loop }) => loop.p99AfterMarkMs ?? loop.p99Ms),
  ];
}

function forkRow({ heapBytes, rounds }: StallResult): string[] {
  const captures = rounds.map(({ capture }) => capture.capture!);
  const forks = captures.flatMap((capture) => capture.forks);
  const of = (name: keyof ForkFigures) => forks.map((fork) => fork[name]);
  return [
    `${(heapBytes / MB).toFixed(0)} MB`,
    `${figure(of('blockedMs'))} ms`,
    `${figure(of('forkMs'))} ms`,
    spread(of('mappings'), 0),
    `${figure(of('scanMs'))} ms`,
    `${figure(captures.map(({ analysisStartMs }) => analysisStartMs))} ms`,
    String(forks.length - captures.length),
  ];
}

function ladderSection(ladder: readonly LadderRun[]): string {
  const of = (rung: CaptureLevel, value: (run: LadderRun) => number) =>
    ladder.filter((run) => run.rung === rung).map(value);
  const cpu = ({ figures }: LadderRun) => figures.capture!.dumpCpuSeconds;
  const fullCpu = median(of('full', cpu));
  const rows = CAPTURE_LEVELS.map((rung) => [
    rung,
    `${figure(of(rung, ({ figures }) => figures.capture!.record.durationMs / 1000))} s`,
    `${figure(of(rung, cpu))} s`,
    `1 / ${(fullCpu / median(of(rung, cpu))).toFixed(0)}`,
    `${spread(
      of(rung, ({ privateBytes }) => privateBytes / MB),
      0,
    )} MB`,
    median(of(rung, ({ privateBytes, heapBytes }) => privateBytes / heapBytes)).toFixed(2),
    median(of(rung, ({ figures, heapBytes }) => figures.capture!.dumpPeakBytes / heapBytes)).toFixed(2),
    String(median(of(rung, ({ figures }) => figures.capture!.record.nodes))),
  ]);
  return `## Capture levels

The same service with ${(ladder[0]!.heapBytes / MB).toFixed(0)} MB and without load, one level after the other. CPU is the forked child's. Memory is the most that
the child did not share with the service: read from its \`smaps_rollup\` every 50 ms, and as the child itself estimates it
for its governor (from page faults, so it errs upwards).

${table([
  [
    'level',
    'lasts',
    'CPU',
    'of full',
    'private memory',
    'times the heap',
    'by its own estimate',
    'nodes described',
  ],
  ...rows,
])}
`;
}

/** Only significant digits. */
function figure(values: readonly number[]): string {
  const largest = Math.max(...values);
  return spread(values, largest < 10 ? 2 : largest < 100 ? 1 : 0);
}
