import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { grantOf, type TokenGrant } from '../access/token-grant.js';
import { type ErrorCode, LeakwatchError } from '../errors.js';
import { invalid } from './checks.js';
import { readPrivateFile } from './private-file.js';
import { tokenFields } from './token-fields.js';

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

/**
 * Grants of the option `token`. A token that has expired is no error, here or in the token file: a service must not fail to
 * start because a day has passed. Throws `LeakwatchError`; no message holds a token.
 */
export function grantsOf(token: string | readonly string[] | undefined): readonly TokenGrant[] {
  const given = token === undefined ? [] : typeof token === 'string' ? [token] : token;
  if (!Array.isArray(given) || given.some((one) => typeof one !== 'string'))
    throw invalid('token takes a string or a list of strings');
  return given.map((text, at) => {
    const where = given.length === 1 ? 'The option token' : `Entry ${at + 1} of the option token`;
    return grantOfLine(text, where, 'LEAKWATCH_ERR_INVALID_OPTION');
  });
}

/**
 * These grants and those of the token file together. An empty file is a mistake at start, and later withdraws its tokens. Throws
 * `LeakwatchError`; no message holds a token.
 */
export function withTokenFile(
  fixed: readonly TokenGrant[],
  tokenFile: string | null,
  mayBeEmpty: boolean,
): readonly TokenGrant[] {
  const grants = [...fixed, ...(tokenFile === null ? [] : readTokenFile(tokenFile, mayBeEmpty))];
  const unique = grants.filter((grant, at) => grants.findIndex((other) => isSame(grant, other)) === at);
  if (unique.length > MAX_TOKENS)
    throw invalid(`token and tokenFile take ${MAX_TOKENS} tokens at most, not ${unique.length}`);
  unique.forEach((grant, at) => {
    const other = unique
      .slice(0, at)
      .find(({ id, digest }) => id === grant.id || digest.equals(grant.digest));
    if (other === undefined) return;
    if (other.digest.equals(grant.digest))
      throw invalid(`The token '${grant.id}' is given twice, with different fields`);
    throw invalid(`Two tokens have the id '${grant.id}'`);
  });
  return unique;
}

function isSame(one: TokenGrant, other: TokenGrant): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function grantOfLine(line: string, where: string, code: ErrorCode): TokenGrant {
  const [token, ...words] = line.split(/[ \t]+/) as [string, ...string[]];
  refuseWeak(token, where);
  const fields = tokenFields(words, (what) => new LeakwatchError(code, `${where} ${what}.`));
  return grantOf(token, fields);
}

/** Length and variety bound the bits of any token from above. The checksum detects a mistyped token of ours. */
function refuseWeak(token: string, where: string): void {
  const isOurs = token.toLowerCase().startsWith(PREFIX);
  const isStrong = FOREIGN.test(token) && new Set(token).size >= MIN_DISTINCT;
  if (isOurs ? isIntact(token) : isStrong) return;
  const reason = isOurs ? 'damaged: it was cut off or mistyped' : 'too short for 256 bits, or not random';
  throw new LeakwatchError('LEAKWATCH_ERR_WEAK_TOKEN', `${where} is ${reason}. ${HOW_TO}.`);
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

/** One token per line, with its fields; blank lines and lines that begin with `#` are skipped. */
function readTokenFile(path: string, mayBeEmpty: boolean): readonly TokenGrant[] {
  const grants = readPrivateFile(path, MAX_FILE_BYTES, (what) => tokenFileError(`The token file ${what}`))
    .toString('utf8')
    .split('\n')
    .flatMap((line, at) => {
      const text = line.trim();
      if (text === '' || text.startsWith('#')) return [];
      return grantOfLine(text, `Line ${at + 1} of the token file`, 'LEAKWATCH_ERR_TOKEN_FILE');
    });
  if (grants.length === 0 && !mayBeEmpty) throw tokenFileError(`The token file is empty. ${HOW_TO}`);
  return grants;
}

function tokenFileError(message: string): LeakwatchError {
  return new LeakwatchError('LEAKWATCH_ERR_TOKEN_FILE', `${message}.`);
}
