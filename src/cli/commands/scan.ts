import { renderJson } from '../../report/json.js';
import type { Report } from '../../report/report.js';
import { terminalText } from '../../report/terminal-text.js';
import { renderReport } from '../../report/text.js';
import { type Command, CommandError, type CommandResult, UsageError } from '../command.js';
import { durationMs } from '../duration.js';
import { EXIT_CODES } from '../exit-codes.js';
import { LiveLine } from '../live-line.js';
import { OPS_HELP, type OpsArguments, openClient, readOpsArguments } from '../ops-arguments.js';
import { readReport } from '../ops-client.js';
import { type OperationView, requireSuccess, runOperation } from '../ops-operation.js';

const SCHEMA_VERSION = 1;
const MAX_CAPTURES = 6;
const MAX_SPACING_MS = 300_000;
const MAX_SUMMARY = 1000;

const HELP = `Usage: leakwatch scan [OPTION ...] URL

Makes a running service capture its heap now, several times, and prints what it found.
A capture stops the service for as long as the watcher's own captures do. Ctrl-C cancels
the scan. The token needs the scopes act and read.

  --captures N       graphs to take and compare, 1 to 6 (default: 3)
  --spacing TIME     from the end of one to the beginning of the next, 1s to 5m
                     (default: 10s)
  --json             print one JSON object (schemaVersion ${SCHEMA_VERSION})

${OPS_HELP}
Exit codes: 0 no leak is confirmed, 1 a leak is confirmed, 2 the scan could not be done,
or wrong usage, 130 cancelled by Ctrl-C.
`;

interface ScanArguments extends OpsArguments {
  /** Undefined: the service decides. */
  readonly captures?: number;
  readonly spacingSeconds?: number;
  readonly json: boolean;
}

export const scanCommand: Command = {
  summary: 'make a running service capture its heap now, and print what it found',
  help: HELP,
  run: (args) => scan(parse(args)),
};

function parse(args: readonly string[]): ScanArguments {
  const { options, words } = readOpsArguments<ScanArguments>(args, {
    captures: {
      type: 'string',
      read: (value) => {
        const captures = /^\d$/.test(value) ? Number(value) : 0;
        if (captures >= 1 && captures <= MAX_CAPTURES) return { captures };
        throw new UsageError(`--captures takes a number from 1 to ${MAX_CAPTURES}`);
      },
    },
    spacing: {
      type: 'string',
      read: (value) => {
        const ms = durationMs(value, '--spacing');
        if (ms >= 1000 && ms <= MAX_SPACING_MS) return { spacingSeconds: ms / 1000 };
        throw new UsageError('--spacing takes a time from 1s to 5m');
      },
    },
    json: { type: 'boolean', read: () => ({ json: true }) },
  });
  if (words.length > 0) throw new UsageError('takes one URL');
  return { json: false, ...options };
}

async function scan(args: ScanArguments): Promise<CommandResult> {
  const line = new LiveLine(process.stderr);
  const client = await openClient(args, ['act', 'read'], (text) => line.say(text));
  const body = { captures: args.captures, spacingSeconds: args.spacingSeconds };
  const { operation, interrupted } = await runOperation(
    client,
    { method: 'POST', path: '/leaks/scan', body },
    line,
  );
  if (interrupted && operation.state !== 'succeeded')
    return { exitCode: EXIT_CODES.interrupted, output: '', note: 'leakwatch scan: ended by Ctrl-C' };
  requireSuccess(operation, 'the scan');
  const reply = await client.ask({ path: '/leaks' });
  const report = readReport(reply.body.toString('utf8'));
  if (report === null) throw new CommandError('the answer is not a report of this version');
  const output = args.json
    ? `${renderJson({ schemaVersion: SCHEMA_VERSION, command: 'scan', operation: operation.document, report })}\n`
    : `${summaryOf(operation)}${renderReport(report)}`;
  return { exitCode: isLeaking(report) ? EXIT_CODES.growth : EXIT_CODES.clean, output };
}

/** What the service says of the scan, such as that a leak needs more captures to be confirmed. */
function summaryOf({ document: { result } }: OperationView): string {
  const { summary } = (result ?? {}) as { readonly summary?: unknown };
  return typeof summary === 'string' ? `${terminalText(summary, MAX_SUMMARY)}\n\n` : '';
}

function isLeaking({ findings }: Report): boolean {
  return findings.some(({ status, muted }) => status === 'confirmed' && !muted);
}
