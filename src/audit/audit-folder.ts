import { constants } from 'node:fs';
import { open, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { say } from '../runtime/say.js';
import { MIB } from '../runtime/units.js';
import { MAX_LINE_BYTES, readAuditLine } from './audit-line.js';

/** Files of one program. Beyond a limit the oldest are removed when a new file begins, and its first line names them. */
const MAX_FILES = 1000;
const MAX_BYTES = 64 * MIB;
/** Removed for one new file at most, so that its first line stays short. */
const MAX_REMOVED = 100;
/** Files without a whole line that are passed over in search of one. */
const MAX_PASSED_OVER = 8;

/** Where a file's last whole line stands, so that the chain can go on in another file. */
export interface AuditLink {
  readonly file: string;
  /** Null if its last whole line is damaged. */
  readonly seq: number | null;
  readonly hash: string | null;
  /** After the last whole line: the process or the machine ended while a line was written. */
  readonly unfinishedBytes: number;
}

/** A file of the log that is not a regular file of this user: nothing is written until a person has looked at it. */
export class ForeignFile extends Error {}

/** `audit-<program>-<time>-<random>.jsonl`, so that the order of names is that of time. */
export function newFileName(program: string, nowMs: number, random: string): string {
  return `audit-${program}-${new Date(nowMs).toISOString().replace(/[-:.]/g, '')}-${random}.jsonl`;
}

/** Names of the program's files, newest first. */
export async function auditFiles(directory: string, program: string): Promise<readonly string[]> {
  const own = new RegExp(`^audit-${program}-\\d{8}T\\d{9}Z-[0-9a-f]+\\.jsonl$`);
  return (await readdir(directory)).filter((name) => own.test(name)).sort((a, b) => (a < b ? 1 : -1));
}

/** The end of the newest file that has a line; null if no file has one. */
export async function latestLink(directory: string, names: readonly string[]): Promise<AuditLink | null> {
  for (const name of names.slice(0, MAX_PASSED_OVER)) {
    const link = await linkTo(directory, name);
    if (link !== null) return link;
  }
  return null;
}

/** The end of this file; null if it has no whole line. */
export async function linkTo(directory: string, file: string): Promise<AuditLink | null> {
  // Without O_NONBLOCK, opening a planted FIFO would wait for its writer.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(join(directory, file), flags);
  try {
    const stats = await handle.stat();
    const { size } = stats;
    const isOwn = process.getuid === undefined || stats.uid === process.getuid();
    if (!stats.isFile() || !isOwn) throw new ForeignFile(say`a file of the log is not a file of this user`);
    const tail = Buffer.alloc(Math.min(size, 2 * MAX_LINE_BYTES));
    const { bytesRead } = await handle.read(tail, 0, tail.length, size - tail.length);
    const bytes = tail.subarray(0, bytesRead);
    const end = bytes.lastIndexOf('\n');
    if (end < 0) return null;
    const begin = end === 0 ? 0 : bytes.lastIndexOf('\n', end - 1) + 1;
    const read = readAuditLine(bytes.toString('utf8', begin, end));
    const last = read?.isIntact === true ? read.line : null;
    const unfinishedBytes = bytes.length - end - 1;
    return { file, seq: last?.seq ?? null, hash: last?.hash ?? null, unfinishedBytes };
  } finally {
    await handle.close();
  }
}

/** The oldest files beyond the limits, oldest first; `names` newest first. */
export async function excessFiles(directory: string, names: readonly string[]): Promise<readonly string[]> {
  let bytes = 0;
  const excess: string[] = [];
  for (const [index, name] of names.entries()) {
    // Another process of the program may remove the same file.
    bytes += await stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    );
    if (index >= MAX_FILES - 1 || bytes > MAX_BYTES) excess.unshift(name);
  }
  return excess.slice(0, MAX_REMOVED);
}

export async function removeFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rm(join(directory, name), { force: true });
}
