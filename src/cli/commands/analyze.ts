import { buildHeapGraph } from '../../heap/graph/heap-graph.js';
import { type SummaryStep, summarizeHeap } from '../../heap/heap-summary.js';
import { parseSnapshot } from '../../heap/snapshot/snapshot-parser.js';
import { renderJson } from '../../report/json.js';
import { type HeapSummary, wordedSummary } from '../../wording/heap-results.js';
import { type Command, CommandError, type CommandResult } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { ProgressBar } from '../progress-bar.js';
import { parseSnapshotArguments, type SnapshotArguments } from '../snapshot-arguments.js';
import { inputReason, SnapshotInput } from '../snapshot-input.js';
import { summaryText } from '../summary-text.js';

const SCHEMA_VERSION = 1;

const HELP = `Usage: leakwatch analyze [--json] [--top N] FILE

Shows the contents of a heap snapshot: the objects that accumulate memory, the biggest
objects and their retainers (with the @id that DevTools shows), and the classes with
their shallow and retained sizes. "-" reads standard input.

  --json     print one JSON object (schemaVersion ${SCHEMA_VERSION})
  --top N    rows of each list, 1 to 1000 (default: 10)

Exit codes: 0 done, 2 the file could not be read or analysed, or wrong usage.
`;

export const analyzeCommand: Command = {
  summary: 'show the contents of a .heapsnapshot file: classes, biggest objects, accumulation points',
  help: HELP,
  run: (args) => analyzeFile(parseSnapshotArguments(args, 1, 1)),
};

const STEPS: Readonly<Record<SummaryStep, string>> = {
  tracing: 'sorting objects by path',
  counting: 'counting classes',
  ranking: 'ranking',
};

async function analyzeFile({ files, json, top }: SnapshotArguments): Promise<CommandResult> {
  const bar = new ProgressBar(process.stderr);
  const input = new SnapshotInput(files[0]!);
  const { name, label } = input;
  try {
    const chunks = input.chunks((bytes, total) => bar.reading(label, bytes, total));
    const snapshot = await parseSnapshot(chunks, { ids: true });
    bar.step(label, 'finding dominators');
    const graph = buildHeapGraph(snapshot);
    const summary = wordedSummary(
      summarizeHeap(graph, { dominators: top }, (step) => bar.step(label, STEPS[step])),
    );
    const output = json
      ? `${renderJson(summaryDocument(name, summary, top))}\n`
      : summaryText(name, summary, top);
    return { exitCode: EXIT_CODES.clean, output };
  } catch (error) {
    const reason = inputReason(error);
    throw reason === null ? error : new CommandError(`${name}: ${reason}`);
  } finally {
    bar.clear();
  }
}

function summaryDocument(file: string, summary: HeapSummary, top: number) {
  const { classes, dominators, suspects, ...totals } = summary;
  return {
    schemaVersion: SCHEMA_VERSION,
    command: 'analyze',
    file,
    ...totals,
    classCount: classes.length,
    suspects: suspects.slice(0, top),
    dominators: dominators.slice(0, top),
    classes: classes.slice(0, top),
  };
}
