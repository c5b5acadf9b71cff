/**
 * What a capture costs the service; writes docs/benchmarks-capture.md.
 * `npm run bench -- capture [--sizes 15,140,700] [--rounds 5] [--rate 300] [--ladder 140] [--writers 20,140] [--large-inline]`
 *
 * Stalls: one service of each size under steady load. Windows with a forked capture alternate with windows of equal
 * length without one (base). Each capture is compared with the mean of the two windows around it; these two compared
 * with each other are the noise. In-process captures get a separate service: what they leave behind in V8 (an id for
 * each object) would make later captures slower.
 *
 * Writers: full graphs, by the native writer and by V8's generator in turn.
 *
 * Ladder: the capture levels in turn on a service without load, while the child's memory is read from outside.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { CAPTURE_LEVELS, type CaptureLevel } from '../../src/capture/capture-record.js';
import { formatBytes } from '../../src/runtime/units.js';
import { ChildMemory } from './child-memory.js';
import { type CapturePage, capturePage, type LadderRun, type StallResult, type StallRound } from './page.js';
import { type Measured, Session } from './session.js';
import { measureWriters } from './writers.js';

const FIRST_REST_MS = 3000;
const WARM_UP_MS = 2000;
/** A shorter window has too few requests for a 99th percentile. */
const LEAST_REST_MS = 2000;
/** From this size on, a round takes a minute or more. */
const LARGE_MB = 500;
const LARGE_ROUNDS = 3;
/** From this size on, an in-process capture takes half a minute or more. */
const ONCE_INLINE_MB = 100;

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '15,140,700' },
    rounds: { type: 'string', default: '5' },
    rate: { type: 'string', default: '300' },
    ladder: { type: 'string', default: '140' },
    writers: { type: 'string', default: '20,140' },
    'writer-rounds': { type: 'string', default: '3' },
    'ladder-rounds': { type: 'string', default: '3' },
    'large-inline': { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const rate = Number(values.rate);

const stalls: StallResult[] = [];
const failures: string[] = [];
for (const megabytes of values.sizes.split(',').filter(Boolean).map(Number)) {
  const isLarge = megabytes >= LARGE_MB;
  stalls.push(await measureStalls(megabytes, 'fork', isLarge ? Math.min(rounds, LARGE_ROUNDS) : rounds));
  if (isLarge && !values['large-inline']) continue;
  stalls.push(await measureStalls(megabytes, 'inline', megabytes >= ONCE_INLINE_MB ? 1 : rounds));
}
const ladder = Number(values.ladder) > 0 ? await measureLadder(Number(values.ladder)) : [];
const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const writers = await measureWriters(
  values.writers.split(',').filter(Boolean).map(Number),
  Number(values['writer-rounds']),
  (what) => failures.push(what),
);
const page: CapturePage = { stalls, ladder, writers, rate, failures, groupNice: groupNice() };
writeFileSync(join(root, 'docs', 'benchmarks-capture.md'), capturePage(page));
console.log('written to docs/benchmarks-capture.md');

async function measureStalls(
  megabytes: number,
  dumper: 'fork' | 'inline',
  count: number,
): Promise<StallResult> {
  const session = await Session.start(megabytes, rate);
  try {
    await session.measure({ order: 'rest', ms: WARM_UP_MS });
    const result: StallRound[] = [];
    let before = await session.measure({ order: 'rest', ms: FIRST_REST_MS });
    for (let round = 0; round < count; round++) {
      const capture = await session.measure({ order: 'capture', dumper, rung: rungFor(dumper) });
      const { fromMs, toMs } = capture.window;
      // A blocked loop needs no longer base.
      const ms = dumper === 'inline' ? FIRST_REST_MS : Math.max(LEAST_REST_MS, toMs - fromMs);
      const after = await session.measure({ order: 'rest', ms });
      if (succeeded(capture, `${megabytes} MB, ${dumper}`)) result.push({ before, capture, after });
      printRound(megabytes, dumper, { before, capture, after });
      before = after;
    }
    return { megabytes, dumper, heapBytes: session.heapBytes, rounds: result };
  } finally {
    await session.end();
  }
}

/** The level that detection takes by default with each dumper. */
function rungFor(dumper: 'fork' | 'inline'): CaptureLevel {
  return dumper === 'fork' ? 'sampled' : 'full';
}

async function measureLadder(megabytes: number): Promise<LadderRun[]> {
  const session = await Session.start(megabytes, 0);
  const runs: LadderRun[] = [];
  try {
    await session.measure({ order: 'rest', ms: WARM_UP_MS });
    for (let round = 0; round < Number(values['ladder-rounds']); round++) {
      for (const rung of CAPTURE_LEVELS) {
        const memory = new ChildMemory(session.pid);
        const figures = await session.measure({ order: 'capture', dumper: 'fork', rung });
        const run = { rung, heapBytes: session.heapBytes, privateBytes: memory.stop(), figures };
        if (succeeded(figures, `${megabytes} MB, ${rung}`)) runs.push(run);
        const { record, dumpCpuSeconds } = figures.capture!;
        console.log(
          `${megabytes} MB  ${rung.padEnd(8)} ${record.outcome} ${record.reason ?? ''} ${(record.durationMs / 1000).toFixed(1)} s, ` +
            `CPU of the child ${dumpCpuSeconds.toFixed(2)} s, ${formatBytes(run.privateBytes)}`,
        );
      }
    }
    return runs;
  } finally {
    await session.end();
  }
}

/** Nice value of the `autogroup`, see sched(7); 0 if the kernel has none. */
function groupNice(): number {
  try {
    return Number(readFileSync('/proc/self/autogroup', 'utf8').trim().split(' ').at(-1));
  } catch {
    return 0;
  }
}

/** A failed capture says nothing about the cost of captures; the page lists it. */
function succeeded({ capture }: Measured, what: string): boolean {
  const { outcome, reason } = capture!.record;
  if (outcome !== 'success') failures.push(`${what}: ${outcome}, ${reason}`);
  return outcome === 'success';
}

function printRound(megabytes: number, dumper: string, { before, capture, after }: StallRound): void {
  const text = (figures: Measured) =>
    `longest ${figures.loop.longestMs.toFixed(1)} p99 ${figures.loop.p99Ms.toFixed(2)} latency p99 ${figures.load.p99Ms.toFixed(1)}`;
  const { record } = capture.capture!;
  console.log(
    `${megabytes} MB  ${dumper.padEnd(6)} ${record.outcome} ${record.reason ?? ''}  ${text(capture)} ms, pause ${record.pauseMs.toFixed(1)} ms; ` +
      `base ${text(before)} / ${text(after)} ms`,
  );
}
