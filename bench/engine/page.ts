import { availableParallelism, totalmem } from 'node:os';
import { table } from '../page.js';
import { median, spread } from '../statistics.js';
import type { RunReport } from './run-report.js';

export interface EngineRun {
  readonly engine: string;
  readonly file: string;
  /** From the start of the process to its end, milliseconds. */
  readonly ms: number;
  /** Null if the process failed. */
  readonly report: RunReport | null;
}

const MB = 1e6;
const NAMES: Readonly<Record<string, string>> = {
  leakwatch: 'leakwatch',
  devtools: 'Chrome DevTools (heap-snapshot-toolkit)',
  memlab: 'memlab (@memlab/heap-analysis)',
};

/** `docs/benchmarks-engine.md`. */
export function enginePage(runs: readonly EngineRun[], sizeOf: (file: string) => number): string {
  const files = [...new Set(runs.map(({ file }) => file))];
  const rows = files.flatMap((file) =>
    fileRows(
      runs.filter((run) => run.file === file),
      sizeOf(file),
    ),
  );
  return `# Benchmarks of the heap engine

Written by \`npm run bench -- engine\`; do not edit. From a \`.heapsnapshot\` file to the retained size of every node, names
included: whole processes, one at a time, alternating. Medians, with the lowest and the highest in brackets; "times as long"
is the median of the ratios within each round. All engines find the same nodes; the sizes of the root differ by what they
count (see the tests against DevTools' engine).

Machine: ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.

${table([['file', 'nodes', 'engine', 'time', 'times as long', 'peak RSS', 'times as much'], ...rows])}

Files of more than 250 MB are one real heap repeated many times under one root; one round each.
`;
}

function fileRows(runs: readonly EngineRun[], bytes: number): string[][] {
  const of = (engine: string) => runs.filter((run) => run.engine === engine && run.report !== null);
  const ours = of('leakwatch');
  const peak = (run: EngineRun) => run.report!.peakRssBytes / MB;
  return Object.keys(NAMES)
    .filter((engine) => runs.some((run) => run.engine === engine))
    .map((engine) => {
      const theirs = of(engine);
      const head = [`${(bytes / MB).toFixed(0)} MB`, String(ours[0]?.report?.nodes ?? ''), NAMES[engine]!];
      if (theirs.length === 0) return [...head, 'failed', '', '', ''];
      const ratio = (figure: (run: EngineRun) => number) =>
        median(theirs.map((run, round) => figure(run) / figure(ours[round]!))).toFixed(1);
      return [
        ...head,
        `${spread(
          theirs.map(({ ms }) => ms / 1000),
          2,
        )} s`,
        ratio(({ ms }) => ms),
        `${spread(theirs.map(peak), 0)} MB`,
        ratio(peak),
      ];
    });
}
