/**
 * What sampling allocation sites costs; writes docs/benchmarks-sites.md.
 * `npm run bench -- sites [--pairs 9] [--seconds 4]`
 *
 * A program that only allocates is measured in one process, alternately with and without sampling; a service in pairs
 * of fresh processes, in an order that alternates from pair to pair.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { KIB } from '../src/runtime/units.js';
import type { LoadOrder, LoadResult } from './load.js';
import { table } from './page.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import type { LoopResult } from './sampled-loop.js';
import type { SampledAddress, SampledFigures } from './sampled-service.js';
import { median, spread } from './statistics.js';

const CONNECTIONS = 10;
const WARM_UP_SECONDS = 2;
const LOOP_INTERVALS = [512 * KIB, 128 * KIB, 64 * KIB];
const SERVICE_INTERVALS = [512 * KIB, 128 * KIB];

interface Run extends SampledFigures {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

const { values: flags } = parseArgs({
  options: { pairs: { type: 'string', default: '9' }, seconds: { type: 'string', default: '4' } },
});
const pairs = Number(flags.pairs);
const seconds = Number(flags.seconds);

const loops = [['interval', 'CPU for the same work', 'allocated']];
for (const intervalBytes of LOOP_INTERVALS) loops.push(await measureLoop(intervalBytes));
const services = [
  [
    'interval at the start',
    'throughput',
    'CPU per request',
    'RSS added',
    'one reading',
    'interval at the end',
  ],
];
for (const intervalBytes of SERVICE_INTERVALS) services.push(await measurePairs(intervalBytes));
const root = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
writeFileSync(join(root, 'docs', 'benchmarks-sites.md'), page());
console.log('written to docs/benchmarks-sites.md');

async function measureLoop(intervalBytes: number): Promise<string[]> {
  const program = startProgram('sampled-loop.js', [String(intervalBytes), String(pairs * 5)]);
  const { ratios, bytesPerCpuSecond } = JSON.parse(await firstLine(program)) as LoopResult;
  await endProgram(program);
  const sorted = ratios.toSorted((a, b) => a - b);
  const quartiles = [sorted.length / 4, (sorted.length * 3) / 4].map((at) =>
    sorted[Math.floor(at)]!.toFixed(3),
  );
  const row = [
    `${intervalBytes / KIB} KiB`,
    `${median(ratios).toFixed(3)} (${quartiles.join(' to ')})`,
    `${Math.round(bytesPerCpuSecond / 1e6)} MB per second of CPU`,
  ];
  console.log(row.join('  '));
  return row;
}

async function measurePairs(intervalBytes: number): Promise<string[]> {
  const results: { readonly sampled: Run; readonly plain: Run }[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const isFirst = pair % 2 === 0;
    const first = await measureService(isFirst ? intervalBytes : 0);
    const second = await measureService(isFirst ? 0 : intervalBytes);
    results.push(isFirst ? { sampled: first, plain: second } : { sampled: second, plain: first });
  }
  const of = (figure: (sampled: Run, plain: Run) => number) =>
    results.map(({ sampled, plain }) => figure(sampled, plain));
  const row = [
    `${intervalBytes / KIB} KiB`,
    spread(
      of((sampled, plain) => sampled.perSecond / plain.perSecond),
      3,
    ),
    spread(
      of((sampled, plain) => plain.perCpuSecond / sampled.perCpuSecond),
      3,
    ),
    `${spread(
      of((sampled, plain) => (sampled.rssBytes - plain.rssBytes) / 1e6),
      1,
    )} MB`,
    `${median(of(({ readMs }) => readMs)).toFixed(2)} ms`,
    `${median(of((sampled) => sampled.intervalBytes)) / KIB} KiB`,
  ];
  console.log(row.join('  '));
  return row;
}

async function measureService(intervalBytes: number): Promise<Run> {
  const service = startProgram('sampled-service.js', [String(intervalBytes)]);
  try {
    const { url } = JSON.parse(await firstLine(service)) as SampledAddress;
    const paths = ['/products?q=oak', '/products/7'];
    const order: LoadOrder = {
      url,
      paths,
      connections: CONNECTIONS,
      warmUpSeconds: WARM_UP_SECONDS,
      seconds,
    };
    const load = startProgram('load.js', [JSON.stringify(order)]);
    const line = firstLine(load);
    await Promise.race([once(load, 'message'), line]);
    const from = await figuresOf(service);
    const result = JSON.parse(await line) as LoadResult;
    const to = await figuresOf(service);
    if (result.failed > 0) throw new Error(`${result.failed} requests failed`);
    const perCpuSecond = result.requests / (to.cpuSeconds - from.cpuSeconds);
    return { ...to, perSecond: result.requestsPerSecond, perCpuSecond };
  } finally {
    await endProgram(service);
  }
}

async function figuresOf(program: ReturnType<typeof startProgram>): Promise<SampledFigures> {
  program.send('figures');
  const [figures] = await once(program, 'message');
  return figures as SampledFigures;
}

function page(): string {
  return `# What sampling allocation sites costs

Written by \`npm run bench -- sites\`; do not edit. Ratios are sampled / not sampled, so 1 is no cost.

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

## A program that does nothing but allocate

The worst case: V8 records a stack each time an interval of memory has been allocated, so the cost is proportional to the
allocation rate. Medians of ${pairs * 5} pairs of windows in one process, with the quartiles in brackets. The interval is fixed
here; in a service it widens above 500 samples a second.

${table(loops)}

## An Express service under load

Medians of ${pairs} pairs of runs, with the lowest and the highest; one reading per second, on the service's thread.

${table(services)}
`;
}
