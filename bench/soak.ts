/**
 * Half an hour of a healthy service under steady load, watched at both paces and unwatched, in parallel: whether
 * anything is ever found, and whether the watcher itself grows. Writes docs/benchmarks-soak.md; exits with 1 if
 * anything was confirmed or grew. `npm run bench -- soak [--for 30m] [--per-second 60]`; `--for 0s` rewrites the page
 * from the last soak's records in `.build`.
 *
 * A deliberately broken watcher is measured for a short time, too: if its growth goes unnoticed, the soak has proved
 * nothing, and says so.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { issueToken } from '../src/index.js';
import { formatBytes } from '../src/runtime/units.js';
import { judgeSoak } from './soak-judgement.js';
import { soakPage } from './soak-page.js';
import { type Mark, SoakedRun, type SoakPlan, type SoakRecord } from './soaked-run.js';

const NAMES = ['fast', 'production', 'unwatched', 'careless'] as const;
const LOOK_MS = 5000;
/**
 * When heaps are compared, as fractions of the whole time. The first mark exists because V8 permanently allocates
 * memory when it writes its first snapshot, which must not look like growth.
 */
const MARKS = [1 / 30, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1];
const CARELESS_MS = 4 * 60_000;
const STREAMS = 20;

const flags = readFlags();
const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const records = join(root, '.build', 'soak');
if (flags.forMs > 0) await measure();
const soaked = NAMES.map(
  (name) => JSON.parse(readFileSync(join(records, `${name}.json`), 'utf8')) as SoakRecord,
);
const judgement = judgeSoak(soaked);
writeFileSync(join(root, 'docs', 'benchmarks-soak.md'), soakPage(soaked, judgement));
for (const failure of judgement.failures) console.log(`FAILED  ${failure}`);
console.log('written to docs/benchmarks-soak.md');
if (judgement.failures.length > 0) process.exitCode = 1;

async function measure(): Promise<void> {
  const load = { perSecond: flags.perSecond, streams: STREAMS };
  const folder = mkdtempSync(join(tmpdir(), 'soak-'));
  const token = issueToken();
  try {
    const begin = (name: (typeof NAMES)[number], pace: SoakPlan['pace']) =>
      new SoakedRun({ name, pace, careless: name === 'careless', load }, folder, token);
    await Promise.all([
      soak([begin('fast', 'fast'), begin('production', 'production'), begin('unwatched', null)], flags.forMs),
      soak([begin('careless', 'fast')], Math.min(flags.forMs, CARELESS_MS)),
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function soak(runs: readonly SoakedRun[], forMs: number): Promise<void> {
  try {
    for (const run of runs) await run.start();
    for (const part of MARKS) {
      const dueMs = forMs * part;
      while (runs[0]!.elapsedMs < dueMs) {
        await sleep(Math.min(LOOK_MS, Math.max(0, dueMs - runs[0]!.elapsedMs)));
        for (const run of runs) await run.look();
      }
      // One after another: each pauses its service for a moment.
      for (const run of runs) await run.mark();
      for (const run of runs) console.log(`${run.plan.name}  ${markLine(run.latestMark)}`);
      runs.forEach(keep);
    }
    for (const run of runs) await run.stop();
    runs.forEach(keep);
  } finally {
    for (const run of runs) await run.kill();
  }
}

/** Stores the record in a file, so that the page can be rewritten. */
function keep(run: SoakedRun): void {
  mkdirSync(records, { recursive: true });
  writeFileSync(join(records, `${run.plan.name}.json`), JSON.stringify(run.record()));
}

function markLine(mark: Mark | null): string {
  if (mark === null) return 'has ended';
  const { own, ms, liveBytes } = mark;
  return `${(ms / 60_000).toFixed(1)} min: live ${formatBytes(liveBytes)}, own ${formatBytes(own.bytes)} in ${own.objects} objects, window ${formatBytes(own.windowBytes)} of ${own.windowSamples} samples`;
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      for: { type: 'string', default: '30m' },
      'per-second': { type: 'string', default: '60' },
    },
  });
  const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(values.for) ?? [];
  if (amount === undefined) throw new Error('--for takes a time such as 90s, 30m or 8h');
  const forMs = Number(amount) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h'];
  const perSecond = Number(values['per-second']);
  if (!(perSecond > 0)) throw new Error('--per-second takes a number above 0');
  return { forMs, perSecond };
}
