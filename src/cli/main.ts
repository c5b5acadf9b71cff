#!/usr/bin/env node
import { printToken } from './commands/token.js';
import { EXIT_CODES } from './exit-codes.js';

const USAGE = `Usage: leakwatch COMMAND

  token    print a new bearer token of 256 bits for LEAKWATCH_TOKEN or a token file

To watch a program without changing it:
  LEAKWATCH_TOKEN=… LEAKWATCH_LISTEN=127.0.0.1:9464 node --import leakwatch/register app.js
`;

const COMMANDS: Readonly<Record<string, (print: (line: string) => void) => number>> = { token: printToken };

const [name = 'help', ...rest] = process.argv.slice(2);
const command = COMMANDS[name];
if (command !== undefined && rest.length === 0) {
  process.exitCode = command((line) => console.log(line));
} else if (['help', '--help', '-h'].includes(name)) {
  console.log(USAGE);
} else {
  console.error(
    command === undefined ? `leakwatch: unknown command '${name}'` : `leakwatch ${name}: takes no arguments`,
  );
  console.error(USAGE);
  process.exitCode = EXIT_CODES.usage;
}
