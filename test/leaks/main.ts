/**
 * Runs the programs of this folder, prints what was found, and exits with 1 where that is less than it must be.
 * `npm run leaks -- [--rate 1|0.2] [--pace fast|production] [--only name,name] [--parallel N] [--for 90s] [--write]`
 * `--write` keeps the round in test/leaks/results and renders docs/detection.md from all that are kept.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lineOf, type RoundResult, renderDetection, summaryOf } from './detection-table.js';
import { HEALTHY_PROGRAMS } from './healthy-programs.js';
import { score, shortcomings } from './judgement.js';
import { LEAKING_PROGRAMS } from './leaking-programs.js';
import { type Round, runRound } from './runner.js';

const ROOT = rootOf(dirname(fileURLToPath(import.meta.url)));
const PROGRAMS = [...LEAKING_PROGRAMS, ...HEALTHY_PROGRAMS];

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '1' },
    pace: { type: 'string', default: 'fast' },
    only: { type: 'string' },
    parallel: { type: 'string' },
    for: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
// The traffic of healthy programs is the same at every rate of leaking.
const programs = PROGRAMS.filter(
  ({ name, leaks }) => only?.includes(name) ?? (leaks || Number(values.rate) === 1),
);
const unknown = only?.filter((wanted) => !PROGRAMS.some(({ name }) => name === wanted)) ?? [];
if (unknown.length > 0) throw new Error(`no such program: ${unknown.join(', ')}`);
if (values.write && only !== undefined) throw new Error('--write keeps whole rounds; leave out --only');

const round = roundOf();
const judgements = await runRound(programs, round, (judgement) => console.log(lineOf(judgement)));
const figures = score(judgements);
console.log(summaryOf(figures));
const lacking = only === undefined ? shortcomings(figures) : [];
for (const shortcoming of lacking) console.log(`FAILED  ${shortcoming}`);
if (lacking.length > 0) process.exitCode = 1;
const { pace, rate, forMs } = round;
const result: RoundResult = { pace, rate, forMs, nodeVersion: process.version, judgements };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 1)}\n`);
if (values.write) keep(result);

function roundOf(): Round {
  const { rate, pace } = values;
  if (pace !== 'fast' && pace !== 'production') throw new Error(`--pace is fast or production, not ${pace}`);
  if (!(Number(rate) > 0)) throw new Error(`--rate is a number above 0, not ${rate}`);
  const usual = pace === 'production' ? '1500s' : Number(rate) < 1 ? '300s' : '90s';
  // At the pace of production a program is hardly ever captured, so all of them run at once.
  const parallel = Number(values.parallel ?? (pace === 'production' ? PROGRAMS.length : 3));
  if (!(parallel >= 1)) throw new Error(`--parallel is a number from 1, not ${values.parallel}`);
  const lasting = /^(\d+)s$/.exec(values.for ?? usual)?.[1];
  if (lasting === undefined) throw new Error(`--for is a time such as 90s, not ${values.for}`);
  return { pace, rate: Number(rate), forMs: Number(lasting) * 1000, parallel };
}

function keep(kept: RoundResult): void {
  const folder = join(ROOT, 'test', 'leaks', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${kept.pace}-${kept.rate}.json`), `${JSON.stringify(kept, null, 1)}\n`);
  const rounds = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as RoundResult)
    .sort((a, b) => a.pace.localeCompare(b.pace) || b.rate - a.rate);
  writeFileSync(join(ROOT, 'docs', 'detection.md'), renderDetection(rounds));
}

/** The checkout, from wherever this was compiled to. */
function rootOf(directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : rootOf(dirname(directory));
}
