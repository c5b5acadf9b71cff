import type { AnalysisStep } from '../../heap/analysis.js';
import { compareSnapshots, MAX_SNAPSHOTS } from '../../heap/snapshot-comparison.js';
import { renderJson } from '../../report/json.js';
import { type SnapshotGrowth, wordedComparison } from '../../wording/heap-results.js';
import { type Command, CommandError, type CommandResult } from '../command.js';
import { diffText } from '../diff-text.js';
import { EXIT_CODES } from '../exit-codes.js';
import { ProgressBar } from '../progress-bar.js';
import { parseSnapshotArguments, type SnapshotArguments } from '../snapshot-arguments.js';
import { inputReason, SnapshotInput } from '../snapshot-input.js';

const SCHEMA_VERSION = 1;

const HELP = `Usage: leakwatch diff [--json] [--top N] A B [C ...]

Compares heap snapshots of one program, oldest first. Two show what grew between them;
three or more (up to ${MAX_SNAPSHOTS}) show what grew at every step, and so leaks. The files may
come from different processes. "-" reads standard input.

  --json     print one JSON object (schemaVersion ${SCHEMA_VERSION})
  --top N    rows of each list, 1 to 1000 (default: 10)

Exit codes: 0 nothing grows, 1 something grows, 2 a file could not be read or
compared, or wrong usage.
`;

export const diffCommand: Command = {
  summary: 'show what grew between two or more .heapsnapshot files, and what holds it',
  help: HELP,
  run: (args) => diff(parseSnapshotArguments(args, 2, MAX_SNAPSHOTS)),
};

const STEPS: Readonly<Record<AnalysisStep, string>> = {
  parsing: 'reading',
  linking: 'finding the shortest paths',
  tracing: 'sorting objects by path',
  comparing: 'comparing',
  ranking: 'ranking',
};

async function diff({ files, json, top }: SnapshotArguments): Promise<CommandResult> {
  const bar = new ProgressBar(process.stderr);
  const inputs = files.map((file) => new SnapshotInput(file));
  const labels = inputs.map(({ label }, at) => `${at + 1}/${files.length} ${label}`);
  const comparison = wordedComparison(
    await compareSnapshots(
      inputs.map((input, at) => input.chunks((bytes, total) => bar.reading(labels[at]!, bytes, total))),
      (snapshot, step) => bar.step(labels[snapshot]!, STEPS[step]),
    ),
  );
  bar.clear();
  if (comparison.outcome === 'failure') {
    const { name, error } = inputs[comparison.snapshot]!;
    throw new CommandError(`${name}: ${inputReason(error) ?? comparison.reason}`);
  }
  const names = inputs.map(({ name }) => name);
  const noted = { ...comparison, notes: [...orderNotes(inputs), ...comparison.notes] };
  return {
    exitCode: grows(comparison) ? EXIT_CODES.growth : EXIT_CODES.clean,
    output: json ? `${renderJson(diffDocument(names, noted, top))}\n` : diffText(names, noted, top),
  };
}

/** A shell pattern sorts `10` before `9`, and in the wrong order growth looks like shrinking. */
function orderNotes(inputs: readonly SnapshotInput[]): readonly string[] {
  return inputs.flatMap((input, at) => {
    const [before, now] = [inputs[at - 1]?.modifiedMs ?? null, input.modifiedMs];
    if (before === null || now === null || now >= before) return [];
    return [`${input.name} was written before ${inputs[at - 1]!.name}: are the files given oldest first?`];
  });
}

/** Whether the program itself grows, apart from artefacts. */
function grows({ snapshots, suspects, paths }: SnapshotGrowth): boolean {
  const found: readonly { readonly artefact: string | null }[] = snapshots.length > 2 ? suspects : paths;
  return found.some(({ artefact }) => artefact === null);
}

function diffDocument(files: readonly string[], comparison: SnapshotGrowth, top: number) {
  const { snapshots, suspects, paths, classes, notes } = comparison;
  return {
    schemaVersion: SCHEMA_VERSION,
    command: 'diff',
    grows: grows(comparison),
    snapshots: snapshots.map((totals, at) => ({ file: files[at], ...totals })),
    // The time of a snapshot is unknown, so growth has no rate.
    suspects: suspects.slice(0, top).map(({ steps, ...suspect }) => ({
      ...suspect,
      steps: steps.map(({ count, bytes }) => ({ count, bytes })),
    })),
    paths: paths.slice(0, top),
    classes: classes.slice(0, top),
    notes,
  };
}
