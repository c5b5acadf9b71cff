import { issueToken } from '../../options/tokens.js';
import { readOptions } from '../arguments.js';
import { type CommandWorld, defineCommand } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `Usage: leakwatch token

Prints a new bearer token for LEAKWATCH_TOKEN or a token file: lwt_, 256 random bits and
a checksum. The ops endpoint accepts no other tokens.
`;

export const tokenCommand = defineCommand({
  name: 'token',
  summary: 'print a new bearer token for LEAKWATCH_TOKEN or a token file',
  help: HELP,
  parse(args) {
    const read = readOptions(args, {}, () => 'takes no arguments');
    return read.outcome === 'read' ? { outcome: 'run', arguments: null } : read;
  },
  run(_: null, { print }: CommandWorld) {
    print(`${issueToken()}\n`);
    return EXIT_CODES.clean;
  },
});
