import type { AuditLink } from './audit-folder.js';
import { type AuditLine, MAX_LINE_BYTES, NO_HASH, readAuditLine } from './audit-line.js';

/** What is wrong at a line, counted from 1. */
export type AuditDamage = { readonly line: number } & (
  | { readonly is: 'not-a-line' | 'too-long' | 'changed' | 'no-beginning' | 'repeated' | 'replaced' }
  /** `count` lines that stood before it. */
  | { readonly is: 'missing'; readonly count: number }
);

/** A file of the log, read from its beginning to its end or to the first damage. */
export interface AuditVerification {
  /** Intact lines. */
  readonly lines: number;
  /** When the first and the last of them were written; null without one. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** Hash of the last intact line; null without one. */
  readonly head: string | null;
  /** The first damage; null if the chain is intact. */
  readonly damage: AuditDamage | null;
  /** After the last newline. */
  readonly unfinishedBytes: number;
  /** The line of another file that the first line follows; null if it follows none. */
  readonly follows: AuditLink | null;
  /** The hashes that were asked for and are in the file, each with the number of its line. */
  readonly found: ReadonlyMap<string, number>;
}

/** Reads the file as a stream; `wanted` are hashes of lines to look for. */
export async function verifyAudit(
  chunks: AsyncIterable<Uint8Array>,
  wanted: ReadonlySet<string> = new Set(),
): Promise<AuditVerification> {
  const found = new Map<string, number>();
  let first: AuditLine | null = null;
  let last: AuditLine | null = null;
  let lines = 0;
  let unfinishedBytes = 0;
  const result = (damage: AuditDamage | null): AuditVerification => ({
    lines,
    firstAt: first?.at ?? null,
    lastAt: last?.at ?? null,
    head: last?.hash ?? null,
    damage,
    unfinishedBytes,
    follows: first === null ? null : linkOf(first),
    found,
  });
  for await (const part of linesOf(chunks)) {
    const number = lines + 1;
    if (part.bytes.length > MAX_LINE_BYTES) return result({ line: number, is: 'too-long' });
    if (!part.isWhole) {
      unfinishedBytes = part.bytes.length;
      break;
    }
    const read = readAuditLine(part.bytes.toString('utf8'));
    if (read === null) return result({ line: number, is: 'not-a-line' });
    const damage = damageAt(number, read, last);
    if (damage !== null) return result(damage);
    first ??= read.line;
    last = read.line;
    lines = number;
    if (wanted.has(last.hash)) found.set(last.hash, number);
  }
  return result(null);
}

/** The file that the first line of a file follows, without reading on; null if it follows none or is damaged. */
export async function linkFrom(chunks: AsyncIterable<Uint8Array>): Promise<AuditLink | null> {
  for await (const { bytes, isWhole } of linesOf(chunks)) {
    const read = isWhole ? readAuditLine(bytes.toString('utf8')) : null;
    return read === null ? null : linkOf(read.line);
  }
  return null;
}

function damageAt(
  line: number,
  { line: read, isIntact }: { readonly line: AuditLine; readonly isIntact: boolean },
  before: AuditLine | null,
): AuditDamage | null {
  const { seq, previous, event } = read;
  if (!isIntact) return { line, is: 'changed' };
  if (seq > line) return { line, is: 'missing', count: seq - line };
  if (seq < line) return { line, is: 'repeated' };
  if (before !== null) return previous === before.hash ? null : { line, is: 'replaced' };
  const isBeginning = event === 'opened' && previous === (linkOf(read)?.hash ?? NO_HASH);
  return isBeginning ? null : { line, is: 'no-beginning' };
}

function linkOf({ members: { follows } }: AuditLine): AuditLink | null {
  if (typeof follows !== 'object' || follows === null) return null;
  const { file, seq, hash, unfinishedBytes } = follows as Readonly<Record<string, unknown>>;
  return typeof file === 'string'
    ? {
        file,
        seq: typeof seq === 'number' ? seq : null,
        hash: typeof hash === 'string' ? hash : null,
        unfinishedBytes: typeof unfinishedBytes === 'number' ? unfinishedBytes : 0,
      }
    : null;
}

interface Part {
  readonly bytes: Buffer;
  /** Whether a newline ended it. */
  readonly isWhole: boolean;
}

/** Never holds more than the longest line and a chunk: what has no newline by then is cut, and too long in any case. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n')) {
      yield { bytes: bytes.subarray(0, end), isWhole: true };
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
    if (rest.length > MAX_LINE_BYTES) break;
  }
  if (rest.length > 0) yield { bytes: rest, isWhole: false };
}
