import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { LeakwatchError } from '../errors.js';
import { formatBytes } from '../runtime/units.js';
import { invalid } from './checks.js';

/** `lwt_`, then 32 random bytes and their CRC-32 (big-endian) as base64url: 36 bytes are 48 characters, without padding. */
const FORMAT = /^lwt_[A-Za-z0-9_-]{48}$/;
const PREFIX = 'lwt_';
/** A token from elsewhere is long enough for 256 bits: 64 hexadecimal digits (`openssl rand -hex 32`), or 43 characters. */
const FOREIGN = /^(?![0-9a-f]{1,63}$)[\x21-\x7e]{43,512}$/i;
/** A random token of 43 characters or more has fewer different ones about once in 10^12. */
const MIN_DISTINCT = 12;
const RANDOM_BYTES = 32;
const MAX_TOKENS = 16;
const MAX_FILE_BYTES = 16_000;
const HOW_TO = "Make one with 'npx leakwatch token'";

/** A new bearer token of 256 random bits. */
export function issueToken(): string {
  const random = randomBytes(RANDOM_BYTES);
  return PREFIX + Buffer.concat([random, checksum(random)]).toString('base64url');
}

/** The tokens of `token` and of the file `tokenFile` together, each checked. Throws `LeakwatchError`; no message holds a token. */
export function readTokens(
  token: string | readonly string[] | undefined,
  tokenFile: string | null,
): readonly string[] {
  const given = token === undefined ? [] : typeof token === 'string' ? [token] : token;
  if (!Array.isArray(given) || given.some((one) => typeof one !== 'string'))
    throw invalid('token takes a string or a list of strings');
  const tokens = [...given, ...(tokenFile === null ? [] : readTokenFile(tokenFile))];
  if (tokens.length > MAX_TOKENS)
    throw invalid(`token and tokenFile take ${MAX_TOKENS} tokens at most, not ${tokens.length}`);
  tokens.forEach(refuseWeak);
  return [...new Set(tokens)];
}

/** Length and variety bound the bits of any token from above. The checksum detects a mistyped token of ours. */
function refuseWeak(token: string): void {
  const isOurs = token.toLowerCase().startsWith(PREFIX);
  const isStrong = FOREIGN.test(token) && new Set(token).size >= MIN_DISTINCT;
  if (isOurs ? isIntact(token) : isStrong) return;
  const reason = isOurs
    ? 'is damaged: it was cut off or mistyped'
    : 'is too short for 256 bits, or is not random';
  throw new LeakwatchError('LEAKWATCH_ERR_WEAK_TOKEN', `A token ${reason}. ${HOW_TO}.`);
}

function isIntact(token: string): boolean {
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
  return FORMAT.test(token) && checksum(bytes.subarray(0, RANDOM_BYTES)).equals(bytes.subarray(RANDOM_BYTES));
}

function checksum(bytes: Uint8Array): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
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
      throw tokenFileError(`The token file is larger than ${formatBytes(MAX_FILE_BYTES)}`);
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
