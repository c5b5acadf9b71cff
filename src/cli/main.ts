#!/usr/bin/env node
import { LeakwatchError } from '../errors.js';
import { packageVersion } from '../runtime/package-version.js';
import { type Command, CommandError, type CommandResult, UsageError } from './command.js';
import { analyzeCommand } from './commands/analyze.js';
import { auditCommand } from './commands/audit.js';
import { diffCommand } from './commands/diff.js';
import { leaksCommand } from './commands/leaks.js';
import { profileCommand } from './commands/profile.js';
import { replCommand } from './commands/repl.js';
import { runCommand } from './commands/run.js';
import { scanCommand } from './commands/scan.js';
import { tokenCommand } from './commands/token.js';
import { EXIT_CODES } from './exit-codes.js';

const COMMANDS: Readonly<Record<string, Command>> = {
  run: runCommand,
  analyze: analyzeCommand,
  diff: diffCommand,
  leaks: leaksCommand,
  scan: scanCommand,
  profile: profileCommand,
  repl: replCommand,
  audit: auditCommand,
  token: tokenCommand,
};

const USAGE = `Usage: leakwatch COMMAND

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

leakwatch COMMAND --help explains a command, leakwatch --version prints the version.

To try it on a program:
  leakwatch run --for 90s -- node app.js

To watch a service without changing it:
  LEAKWATCH_TOKEN=… LEAKWATCH_LISTEN=127.0.0.1:9464 node --import leakwatch/register app.js
`;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader of the pipe, such as `head`, has closed it: not a failure.
  if (error.code === 'EPIPE') process.exit();
  console.error(`leakwatch: the output could not be written (${error.code})`);
  process.exit(EXIT_CODES.failed);
});
// Nowhere left to report it.
process.stderr.on('error', () => {});

const [name = 'help', ...args] = process.argv.slice(2);
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
if (command !== undefined) process.exitCode = await run(command);
else if (['help', '--help', '-h'].includes(name)) console.log(USAGE);
else if (['version', '--version', '-v'].includes(name)) console.log(packageVersion());
else {
  console.error(`leakwatch: unknown command '${name}'\n${USAGE}`);
  process.exitCode = EXIT_CODES.usage;
}

/** Returns the exit code. Arguments after `--` may belong to another program, so only those before it can request help. */
async function run({ help, run: start }: Command): Promise<number> {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  try {
    const { exitCode, output, note }: CommandResult = own.some((word) => word === '--help' || word === '-h')
      ? { exitCode: EXIT_CODES.clean, output: help }
      : await start(args);
    process.stdout.write(output);
    if (note !== undefined) console.error(note);
    return exitCode;
  } catch (error) {
    if (error instanceof UsageError) console.error(`leakwatch ${name}: ${error.message}\n${help}`);
    else if (error instanceof CommandError) console.error(`leakwatch ${name}: ${error.message}`);
    else if (error instanceof LeakwatchError)
      console.error(`leakwatch ${name}: ${error.message} (${error.code})`);
    // Uncaught, a bug in leakwatch would exit with 1, which means that something grows.
    else console.error(error);
    return EXIT_CODES.failed;
  }
}
