import { optionsFromEnvironment } from '../../options/environment.js';
import { resolveOptions } from '../../options/resolve-options.js';
import { pause, systemClock } from '../../runtime/clock.js';
import { type Command, CommandError, type CommandResult } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { LiveLine } from '../live-line.js';
import { refuseReportFile, reportDocument, STDOUT, writeReportFile } from '../report-file.js';
import { parseRunArguments, type RunArguments } from '../run-arguments.js';
import { RunFolder } from '../run-folder.js';
import { summaryText } from '../run-text.js';
import { judgeRun, type RunVerdict } from '../run-verdict.js';
import { RunView } from '../run-view.js';
import { type Ending, StartedProgram } from '../started-program.js';

const LOOK_EVERY_MS = 1000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const HELP = `Usage: leakwatch run [OPTION ...] -- COMMAND [ARGUMENT ...]

Runs a program, watches each of its Node.js processes for memory leaks, and prints a
report when the program has ended. Example:  leakwatch run --for 90s -- node app.js

  --for TIME        ask the program to end after 90s, 5m or 1h (default: run until it
                    ends by itself or by Ctrl-C)
  --pace PACE       fast (confirms a leak of 5 MB a minute within about 75 s) or
                    production (about 20 minutes) (default: LEAKWATCH_PACE, or fast)
  --json FILE       write the report to FILE; - writes it to standard output, and
                    nothing else
  --fail-on STATUS  which leaks cause exit code 1: confirmed, suspected (suspected and
                    confirmed ones) or never (default: confirmed)
  --stop-on STATUS  ask the program to end at the first leak of this status: suspected
                    or confirmed

Exit codes: 0 no leak, 1 leak, 2 the program could not be watched or failed, or wrong
usage.
`;

export const runCommand: Command = {
  summary: 'run a program and report whether it leaks, for CI and for a first try',
  help: HELP,
  run: (args) => runProgram(parseRunArguments(args)),
};

async function runProgram(args: RunArguments): Promise<CommandResult> {
  const refusal = args.json === null ? null : refuseReportFile(args.json);
  if (refusal !== null) throw new CommandError(refusal);
  const folder = new RunFolder();
  try {
    const environment = folder.environment(process.env, args.pace);
    // Checked here: the watched processes would refuse the options after the program has started unwatched.
    resolveOptions(optionsFromEnvironment(environment));
    // With the JSON on standard output, the program's output goes to stderr.
    const stdout = args.json === STDOUT ? 2 : 'inherit';
    const program = await StartedProgram.start(args.command, environment, ['inherit', stdout, 'inherit']);
    return conclude(folder, await watchUntilEnd(program, folder, args), args);
  } finally {
    folder.remove();
  }
}

/** Asks for reports once a second, forwards signals, and ends the program when it is time. */
async function watchUntilEnd(
  program: StartedProgram,
  folder: RunFolder,
  { forMs, stopOn, command }: RunArguments,
): Promise<Ending> {
  const view = new RunView(new LiveLine(process.stderr));
  view.started(command.join(' '), forMs);
  const forward = (signal: NodeJS.Signals) => program.end(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  if (forMs !== null) systemClock.after(forMs, () => program.end('SIGTERM'));
  let ended = false;
  const look = async (): Promise<void> => {
    while (!ended) {
      await folder.look();
      if (ended) return;
      const worst = view.update(folder.latest, program.ranForSeconds);
      if (stopOn !== null && (worst === 'confirmed' || worst === stopOn) && !program.askedToEnd)
        program.end('SIGTERM');
      await pause(LOOK_EVERY_MS);
    }
  };
  try {
    await Promise.race([program.ended, look()]);
    return await program.ended;
  } finally {
    ended = true;
    program.kill();
    view.close();
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

function conclude(folder: RunFolder, end: Ending, args: RunArguments): CommandResult {
  const programFailed = !end.askedToEnd && end.code !== 0;
  const watched = folder.finalReports();
  const { reports } = watched;
  const verdict: RunVerdict =
    reports.length > 0
      ? judgeRun(reports, args.failOn, programFailed)
      : {
          outcome: 'not-watched',
          exitCode: EXIT_CODES.failed,
          reason: whyNoReport(folder.started, programFailed),
        };
  const { exitCode } = verdict;
  const text = summaryText(watched, verdict, end, args.command.join(' '));
  const document = reports.length === 0 ? '' : reportDocument(reports);
  if (args.json === STDOUT) return { exitCode, note: text.trimEnd(), output: document };
  const failure = args.json === null || document === '' ? null : writeReportFile(args.json, document);
  if (failure === null) return { exitCode, output: text };
  return { exitCode: exitCode || EXIT_CODES.failed, output: text, note: `leakwatch run: ${failure}` };
}

function whyNoReport(started: number, programFailed: boolean): string {
  const why =
    started === 0
      ? 'it started no Node.js program, or none that received the variable NODE_OPTIONS'
      : 'none of the Node.js programs that it started was watched; package managers never are';
  return `${why}${programFailed ? '; the program also failed' : ''}`;
}
