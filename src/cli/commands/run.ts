import { LeakwatchError } from '../../errors.js';
import { optionsFromEnvironment } from '../../options/environment.js';
import { resolveOptions } from '../../options/resolve-options.js';
import { systemClock } from '../../runtime/clock.js';
import { type CommandWorld, defineCommand } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { LiveLine } from '../live-line.js';
import { refuseReportFile, STDOUT, writeReportFile } from '../report-file.js';
import { parseRunArguments, type RunArguments } from '../run-arguments.js';
import { RunFolder } from '../run-folder.js';
import { type ProgramEnd, summaryText } from '../run-text.js';
import { judgeRun, worstFirst } from '../run-verdict.js';
import { RunView } from '../run-view.js';
import { StartedProgram } from '../started-program.js';
import { WatchedProcesses } from '../watched-processes.js';

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

export const runCommand = defineCommand({
  name: 'run',
  summary: 'run a program and report whether it leaks, for CI and for a first try',
  help: HELP,
  parse: parseRunArguments,
  run: runProgram,
});

async function runProgram(args: RunArguments, world: CommandWorld): Promise<number> {
  const refusal = args.json === null ? null : refuseReportFile(args.json);
  if (refusal !== null) return cannotRun(refusal, world);
  const folder = new RunFolder();
  try {
    const environment = folder.environment(process.env, args.pace);
    try {
      // Checked here: the watched processes would refuse the options after the program has started unwatched.
      resolveOptions(optionsFromEnvironment(environment));
    } catch (error) {
      if (error instanceof LeakwatchError) return cannotRun(`${error.message} (${error.code})`, world);
      throw error;
    }
    let program: StartedProgram;
    try {
      // With the JSON on standard output, the program's output goes to stderr.
      const stdout = args.json === STDOUT ? 2 : 'inherit';
      program = await StartedProgram.start(args.command, environment, ['inherit', stdout, 'inherit']);
    } catch (error) {
      return cannotRun(`'${args.command[0]}' could not be started: ${startReason(error)}`, world);
    }
    const processes = new WatchedProcesses(folder);
    const end = await watchUntilEnd(program, processes, args, world);
    return conclude({ folder, processes, end, args, world });
  } finally {
    folder.remove();
  }
}

/** Asks for reports once a second, forwards signals, and ends the program when it is time. */
async function watchUntilEnd(
  program: StartedProgram,
  processes: WatchedProcesses,
  { forMs, stopOn, command }: RunArguments,
  { stderr }: CommandWorld,
): Promise<ProgramEnd> {
  const startedAtMs = systemClock.monotonicMs();
  const seconds = () => (systemClock.monotonicMs() - startedAtMs) / 1000;
  const view = new RunView(new LiveLine(stderr));
  view.started(command.join(' '), forMs);
  const forward = (signal: NodeJS.Signals) => program.end(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  if (forMs !== null) systemClock.after(forMs, () => program.end('SIGTERM'));
  let ended = false;
  // No Promise.race: each second's race would leave another reaction on this promise.
  let wake = () => {};
  const ending = program.ended.finally(() => {
    ended = true;
    wake();
  });
  try {
    while (!ended) {
      await processes.look();
      const worst = view.update(
        worstFirst(processes.latest, (report) => report),
        seconds(),
      );
      if (stopOn !== null && (worst === 'confirmed' || worst === stopOn) && !program.askedToEnd)
        program.end('SIGTERM');
      if (ended) break;
      await new Promise<void>((next) => {
        wake = next;
        systemClock.after(LOOK_EVERY_MS, next);
      });
    }
    return { ...(await ending), askedToEnd: program.askedToEnd, ranForSeconds: seconds() };
  } finally {
    if (!ended) program.kill();
    view.close();
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}

interface Ended {
  readonly folder: RunFolder;
  readonly processes: WatchedProcesses;
  readonly end: ProgramEnd;
  readonly args: RunArguments;
  readonly world: CommandWorld;
}

function conclude({ folder, processes, end, args, world }: Ended): number {
  const watched = worstFirst(processes.reports(), ({ report }) => report);
  const reports = watched.map(({ report }) => report);
  const command = args.command.join(' ');
  const programFailed = !end.askedToEnd && end.code !== 0;
  const verdict =
    reports.length > 0
      ? judgeRun({ reports, failOn: args.failOn, programFailed })
      : ({
          outcome: 'not-watched',
          exitCode: EXIT_CODES.failed,
          reason: whyNoReport(folder.seen().length, programFailed),
        } as const);
  const text = summaryText(watched, verdict, end, command);
  if (args.json === STDOUT) world.complain(text.trimEnd());
  else world.print(text);
  if (args.json === null || reports.length === 0) return verdict.exitCode;
  const failure = writeReportFile(args.json, reports, world);
  if (failure === null) return verdict.exitCode;
  world.complain(`leakwatch run: ${failure}`);
  return verdict.exitCode === EXIT_CODES.growth ? verdict.exitCode : EXIT_CODES.failed;
}

function whyNoReport(started: number, programFailed: boolean): string {
  const why =
    started === 0
      ? 'it started no Node.js program, or none that received the variable NODE_OPTIONS'
      : 'none of the Node.js programs that it started was watched; package managers never are';
  return `${why}${programFailed ? '; the program also failed' : ''}`;
}

function startReason(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such command (ENOENT)';
  if (code === 'EACCES') return 'it is not executable (EACCES)';
  return String(code ?? error);
}

function cannotRun(reason: string, { complain }: CommandWorld): number {
  complain(`leakwatch run: ${reason}`);
  return EXIT_CODES.failed;
}
