import { issueToken } from '../../options/tokens.js';
import { readOptions } from '../arguments.js';
import { type Command, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `Usage: leakwatch token

Prints a new bearer token for LEAKWATCH_TOKEN or a token file: lwt_, 256 random bits and
a checksum.
`;

export const tokenCommand: Command = {
  summary: 'print a new bearer token for LEAKWATCH_TOKEN or a token file',
  help: HELP,
  run(args) {
    readOptions(args, {}, () => {
      throw new UsageError('takes no arguments');
    });
    return { exitCode: EXIT_CODES.clean, output: `${issueToken()}\n` };
  },
};
