import { randomBytes } from 'node:crypto';
import type { Command, CommandWorld } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';

const TOKEN_BYTES = 32;

const HELP = `Usage: leakwatch token

Prints a new bearer token: 256 random bits, base64url.
`;

export const tokenCommand: Command = {
  summary: 'print a new bearer token of 256 bits for LEAKWATCH_TOKEN or a token file',
  run: async (args, world) => printToken(args, world),
};

function printToken(args: readonly string[], { print, complain }: CommandWorld): number {
  if (args.length === 0) {
    print(`${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
    return EXIT_CODES.clean;
  }
  if (args[0] === '--help' || args[0] === '-h') {
    print(HELP);
    return EXIT_CODES.clean;
  }
  complain(`leakwatch token: takes no arguments\n${HELP}`);
  return EXIT_CODES.usage;
}
