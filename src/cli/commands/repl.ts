import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface, type Interface } from 'node:readline';
import type { Scope } from '../../access/scope.js';
import { terminalText } from '../../report/terminal-text.js';
import { type Command, CommandError, type CommandResult, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { FINDING_ID, FINDING_ID_EXAMPLE } from '../finding-id.js';
import { LiveLine } from '../live-line.js';
import { named, OPS_HELP, type OpsArguments, openClient, readOpsArguments } from '../ops-arguments.js';
import { OpsFailure } from '../ops-failure.js';
import { reasonOf } from '../reason.js';
import { ReplClient, type ReplOrder } from '../repl-client.js';

const MAX_HISTORY = 500;
const MAX_PATH = 200;

const HELP = `Usage: leakwatch repl [OPTION ...] URL

A prompt for a running service: its findings, its probes, and expressions where the
service allows them. .help lists the commands; Tab completes them and what is exposed.
Lines may also come from a pipe.

  --reason TEXT         your reason (10+ characters); required for expressions, kept in
                        the audit log
  --finding ID          the finding whose owner is $it (default: the worst one)
  --full                expressions that may change the service
  --second-reason TEXT  why reading is not enough; needed with --full
  --history FILE        keep the lines in FILE, mode 0600 (default: they are not kept)

${OPS_HELP}
Exit codes: 0 ended, 2 the service did not answer or refused, a line from a pipe failed,
or wrong usage.
`;

interface ReplArguments extends OpsArguments, ReplOrder {
  readonly history: string | null;
}

export const replCommand: Command = {
  summary: 'look into a running service: findings, probes, and expressions where allowed',
  help: HELP,
  run: (args) => start(parse(args)),
};

function parse(args: readonly string[]): ReplArguments {
  const { options, words } = readOpsArguments<ReplArguments>(args, {
    reason: { type: 'string', read: (reason) => ({ reason: reasonOf(reason, '--reason') }) },
    'second-reason': {
      type: 'string',
      read: (reason) => ({ secondReason: reasonOf(reason, '--second-reason') }),
    },
    full: { type: 'boolean', read: () => ({ full: true }) },
    finding: { type: 'string', read: (finding) => ({ finding: findingOf(finding) }) },
    history: { type: 'string', read: (history) => ({ history: named(history, '--history') }) },
  });
  if (words.length > 0) throw new UsageError('takes one URL');
  const given = { reason: null, secondReason: null, full: false, finding: null, history: null, ...options };
  if (given.full !== (given.secondReason !== null))
    throw new UsageError('--full and --second-reason are given together');
  return given;
}

function findingOf(id: string): string {
  if (FINDING_ID.test(id)) return id;
  throw new UsageError(`--finding takes the ID of a finding, ${FINDING_ID_EXAMPLE}`);
}

async function start(args: ReplArguments): Promise<CommandResult> {
  const line = new LiveLine(process.stderr);
  const client = await openClient(args, scopesOf(args), (text) => line.say(text));
  const repl = new ReplClient(client, args, line);
  const problem = await repl.modules().then(
    () => null,
    (error: unknown) => error,
  );
  // A token without the scope of the probes may still evaluate; without an answer there is nothing to do.
  if (problem !== null && !(problem instanceof OpsFailure && problem.status === 403)) throw problem;
  const failed = await converse(repl, args.history);
  return { exitCode: failed ? EXIT_CODES.failed : EXIT_CODES.clean, output: '' };
}

/** What the first lines need; the service refuses what else the token does not grant. */
function scopesOf({ reason, full }: ReplArguments): readonly Scope[] {
  if (full) return ['eval', 'eval:full'];
  return [reason === null ? 'read' : 'eval'];
}

/** Until the input ends or someone writes `.exit`. True if a line from a pipe failed. */
async function converse(repl: ReplClient, historyFile: string | null): Promise<boolean> {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
  const history = historyFile === null ? [] : readHistory(historyFile);
  const prompt = createInterface({
    input: process.stdin,
    output: process.stdout,
    terminal: isTerminal,
    prompt: isTerminal ? 'leakwatch> ' : '',
    completer: (line: string) => repl.complete(line) as [string[], string],
    history,
    historySize: MAX_HISTORY,
  });
  let kept: readonly string[] = history;
  prompt.on('history', (lines: readonly string[]) => {
    kept = lines;
  });
  const failures = await answerLinesOf(prompt, repl, isTerminal);
  prompt.close();
  await repl.end();
  if (historyFile !== null) writeHistory(historyFile, kept);
  return failures > 0 && !isTerminal;
}

async function answerLinesOf(prompt: Interface, repl: ReplClient, isTerminal: boolean): Promise<number> {
  let failures = 0;
  let running = false;
  // At the prompt Ctrl-C ends; while a command runs, it is for that command.
  prompt.on('SIGINT', () => (running ? process.kill(process.pid, 'SIGINT') : prompt.close()));
  if (isTerminal) prompt.prompt();
  for await (const given of prompt) {
    const text = given.trim();
    if (text === '.exit') break;
    running = true;
    try {
      const lines = text === '' ? [] : await repl.run(text);
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      failures += 1;
      process.stderr.write(`${error.message}\n`);
    }
    running = false;
    if (isTerminal) prompt.prompt();
  }
  return failures;
}

/** Newest first, as readline keeps it. */
function readHistory(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(-MAX_HISTORY).reverse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unusable(file, error);
  }
}

function writeHistory(file: string, newestFirst: readonly string[]): void {
  try {
    writeFileSync(
      file,
      newestFirst
        .toReversed()
        .map((line) => `${line}\n`)
        .join(''),
      { mode: 0o600 },
    );
    // The file may have been there, readable by others.
    chmodSync(file, 0o600);
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, error: unknown): CommandError {
  return new CommandError(
    `${terminalText(file, MAX_PATH)}: cannot be used for the history (${(error as NodeJS.ErrnoException).code})`,
  );
}
