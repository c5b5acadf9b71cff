import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { LeakwatchError } from '../errors.js';

const REQUIRED_BITS = 256;
const MAX_TOKENS = 16;
const MAX_TOKEN_LENGTH = 512;
const MAX_FILE_BYTES = 16 * 1024;
/** A random token of 43 characters or more shows fewer distinct ones about once in 10^12. */
const MIN_DISTINCT = 12;

/** Made by `leakwatch token`: what every message about tokens tells to run. */
const HOW_TO = "Make one with 'npx leakwatch token'";

/** The tokens of `token` and of the file `tokenFile` together, each checked. Throws `LeakwatchError`; no message holds a token. */
export function readTokens(
  token: string | readonly string[] | undefined,
  tokenFile: string | null,
): readonly string[] {
  const given = token === undefined ? [] : typeof token === 'string' ? [token] : token;
  if (!Array.isArray(given) || given.some((one) => typeof one !== 'string')) {
    throw new LeakwatchError('LEAKWATCH_ERR_INVALID_OPTION', 'token takes a text or a list of texts.');
  }
  const tokens = [...given, ...(tokenFile === null ? [] : readTokenFile(tokenFile))];
  if (tokens.length > MAX_TOKENS) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_INVALID_OPTION',
      `At most ${MAX_TOKENS} tokens can be given, not ${tokens.length}.`,
    );
  }
  for (const one of tokens) {
    const weakness = tokenWeakness(one);
    if (weakness !== null)
      throw new LeakwatchError('LEAKWATCH_ERR_WEAK_TOKEN', `A token ${weakness}. ${HOW_TO}.`);
  }
  return [...new Set(tokens)];
}

/**
 * Why `token` cannot hold 256 bits, or null.
 * Length and alphabet bound the bits from above; few distinct characters or a repeated block say they are not random.
 */
function tokenWeakness(token: string): string | null {
  if (token.length > MAX_TOKEN_LENGTH) return `is longer than ${MAX_TOKEN_LENGTH} characters`;
  if (!/^[\x21-\x7e]+$/.test(token)) return 'is empty or holds white space or characters beyond ASCII';
  const bits = Math.floor(token.length * Math.log2(alphabetSize(token)));
  if (bits < REQUIRED_BITS) return `holds ${bits} bits at most, and ${REQUIRED_BITS} are required`;
  if (new Set(token).size < MIN_DISTINCT) return `has fewer than ${MIN_DISTINCT} different characters`;
  const repeated = (token + token).indexOf(token, 1);
  if (repeated < token.length) return 'repeats itself';
  return null;
}

function alphabetSize(token: string): number {
  if (/^[0-9]+$/.test(token)) return 10;
  if (/^[0-9a-f]+$/.test(token) || /^[0-9A-F]+$/.test(token)) return 16;
  if (/^[A-Z2-7=]+$/.test(token)) return 32;
  return 64;
}

function readTokenFile(path: string): string[] {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw tokenFileError(
      `The token file cannot be read (${(error as NodeJS.ErrnoException).code}). Check LEAKWATCH_TOKEN_FILE`,
      error,
    );
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw tokenFileError('The token file is not a regular file');
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw tokenFileError(`The token file has mode ${mode} and can be read by others. Give it mode 0400`);
    }
    if (stat.size > MAX_FILE_BYTES)
      throw tokenFileError(`The token file is larger than ${MAX_FILE_BYTES} bytes`);
    const tokens = readFileSync(descriptor, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (tokens.length === 0) throw tokenFileError(`The token file is empty. ${HOW_TO}`);
    return tokens;
  } finally {
    closeSync(descriptor);
  }
}

function tokenFileError(message: string, cause?: unknown): LeakwatchError {
  return new LeakwatchError('LEAKWATCH_ERR_TOKEN_FILE', `${message}.`, { cause });
}
