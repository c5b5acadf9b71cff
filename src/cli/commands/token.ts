import { randomBytes } from 'node:crypto';
import { EXIT_CODES } from '../exit-codes.js';

const TOKEN_BYTES = 32;

/** Prints one new bearer token: 256 random bits, base64url. */
export function printToken(print: (line: string) => void): number {
  print(randomBytes(TOKEN_BYTES).toString('base64url'));
  return EXIT_CODES.clean;
}
