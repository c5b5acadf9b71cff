import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { MIB } from '../runtime/units.js';
import { AuditFile, type CreateFile, createFile } from './audit-file.js';
import {
  type AuditLink,
  auditFiles,
  excessFiles,
  ForeignFile,
  latestLink,
  linkTo,
  newFileName,
  removeFiles,
} from './audit-folder.js';
import { type AuditEntry, auditLine, MAX_LINE_BYTES, NO_HASH } from './audit-line.js';

/** A larger file is continued in a new one. */
const MAX_FILE_BYTES = 8 * MIB;
/** A disk that takes longer counts as broken; the call is refused. */
const DEADLINE_MS = 5000;
/** Lines that wait for the disk; a further one is refused. */
const MAX_WAITING = 64;

export interface AuditLogOptions {
  /** Null: no directory can be used, so nothing can be recorded. */
  readonly directory: string | null;
  readonly program: string;
  /** Of the writing process, for the first line of each file. */
  readonly writer: { readonly pid: number; readonly threadId: number; readonly version: string };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly create?: CreateFile;
}

export interface AuditStatus {
  /** `ready`: the next line can be written, as far as is known. */
  readonly state: 'ready' | 'failing';
  /** Why the latest line could not be written; null if it was. */
  readonly reason: string | null;
  /** The file that is being written; null before the first line. */
  readonly file: string | null;
  /** Lines in that file, and the hash of the last one: noted elsewhere, it shows later whether the log was rewritten. */
  readonly lines: number;
  readonly head: string | null;
}

interface Order {
  /** Whether its caller was already refused. */
  readonly isLate: boolean;
}

/**
 * The audit log of one program: JSON lines, each with the hash of the line before it.
 *
 * Each process appends to files of its own, which it creates: Node has no file locks, a lock file would outlive a
 * `kill -9` and then refuse every call, and processes that append to one file would break each other's chain. The first
 * line of a file names the last line of the newest file before it, so the chain goes on across restarts, workers and
 * files of 8 MiB.
 *
 * Lines are written one after another, off the event loop: a disk that hangs holds one thread and no request.
 */
export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #create: CreateFile;
  #file: AuditFile | null = null;
  /** The last line written by this process. */
  #last: AuditLink | null = null;
  #reason: string | null;
  #waiting = 0;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    this.#create = options.create ?? createFile;
    this.#reason = options.directory === null ? say`no state directory can be used` : null;
  }

  status(): AuditStatus {
    const isOpen = this.#file !== null && this.#last?.file === this.#file.name;
    return {
      state: this.#reason === null ? 'ready' : 'failing',
      reason: this.#reason,
      file: this.#file?.name ?? null,
      lines: isOpen ? (this.#last?.seq ?? 0) : 0,
      head: isOpen ? (this.#last?.hash ?? null) : null,
    };
  }

  /**
   * Null once the line is written (`durable`: once it is on the disk); otherwise why not, in words without a path.
   * Never rejects, and never takes longer than 5 s.
   */
  async record(entry: AuditEntry, durable: boolean): Promise<string | null> {
    const { directory } = this.#options;
    if (directory === null || this.#closed) return this.#reason ?? say`the log is closed`;
    return await this.#inTurn((order) => this.#write(directory, entry, durable, order));
  }

  /**
   * Whether the latest line was written, and its file is still there and takes more. Waits for its turn, since only between two
   * lines does the file have the length that it should have.
   */
  async isWhole(): Promise<boolean> {
    if (this.#reason !== null || this.#closed) return false;
    let isUsable = false;
    await this.#inTurn(async () => {
      isUsable = (await this.#file?.isUsable().catch(() => false)) ?? false;
      return null;
    });
    return isUsable;
  }

  /** Runs after what was begun before. Resolves with what `work` does, or after 5 s with a failure. */
  async #inTurn(work: (order: Order) => Promise<string | null>): Promise<string | null> {
    if (this.#waiting >= MAX_WAITING) return this.#fails(say`too many lines wait for the disk`);
    this.#waiting += 1;
    const order = { isLate: false };
    const done = this.#queue.then(() => work(order));
    this.#queue = done.finally(() => {
      this.#waiting -= 1;
    });
    return await new Promise((resolve) => {
      const deadline = this.#options.clock.after(DEADLINE_MS, () => {
        order.isLate = true;
        resolve(this.#fails(say`the disk does not respond`));
      });
      void done.then((reason) => {
        deadline.cancel();
        resolve(reason);
      });
    });
  }

  /** Waits for what is being written, but not for a disk that hangs. */
  async close(): Promise<void> {
    this.#closed = true;
    await new Promise<void>((resolve) => {
      const deadline = this.#options.clock.after(DEADLINE_MS, resolve);
      void this.#queue.then(async () => {
        await this.#abandon();
        deadline.cancel();
        resolve();
      });
    });
  }

  /** An order that is late before its turn is dropped; one that was late while it was written gets a line that says so. */
  async #write(directory: string, entry: AuditEntry, durable: boolean, order: Order): Promise<string | null> {
    if (order.isLate) return null;
    try {
      const file = await this.#openFile(directory);
      await this.#append(file, entry, durable);
      if (order.isLate && durable)
        await this.#append(file, { event: 'late', line: this.#last?.seq ?? 0 }, false);
      this.#reason = null;
      return null;
    } catch (error) {
      return this.#fails(wordsFor(error));
    }
  }

  async #openFile(directory: string): Promise<AuditFile> {
    const { program, writer, clock } = this.#options;
    const current = this.#file;
    if (current !== null && current.bytes < MAX_FILE_BYTES && (await current.isUsable())) return current;
    await this.#abandon();
    const names = await auditFiles(directory, program);
    const follows = await this.#linkBefore(directory, names);
    const removed = await excessFiles(directory, names);
    const name = newFileName(program, clock.now(), randomBytes(4).toString('hex'));
    const file = new AuditFile(name, await this.#create(join(directory, name)));
    const before = this.#last;
    try {
      this.#last = { file: name, seq: 0, hash: follows?.hash ?? NO_HASH, unfinishedBytes: 0 };
      await this.#append(file, { event: 'opened', ...writer, follows, removed }, true);
    } catch (error) {
      this.#last = before;
      await file.close().catch(() => {});
      await removeFiles(directory, [name]).catch(() => {});
      throw error;
    }
    this.#file = file;
    await removeFiles(directory, removed);
    return file;
  }

  /** This process knows its own last line, whatever became of the file; only the bytes after it are read. */
  async #linkBefore(directory: string, names: readonly string[]): Promise<AuditLink | null> {
    const last = this.#last;
    if (last === null) return await latestLink(directory, names);
    const found = names.includes(last.file) ? await linkTo(directory, last.file) : null;
    return { ...last, unfinishedBytes: found?.unfinishedBytes ?? 0 };
  }

  async #append(file: AuditFile, entry: AuditEntry, durable: boolean): Promise<void> {
    const seq = (this.#last?.seq ?? 0) + 1;
    const previous = this.#last?.hash ?? NO_HASH;
    const { text, hash } = auditLine({ seq, atMs: this.#options.clock.now(), previous }, entry);
    if (Buffer.byteLength(text) > MAX_LINE_BYTES) throw new RangeError(say`the line is too long`);
    await file.append(text, durable);
    this.#last = { file: file.name, seq, hash, unfinishedBytes: 0 };
  }

  async #abandon(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
  }

  #fails(reason: string): string {
    if (reason !== this.#reason)
      this.#options.logger.warn(say`the audit log cannot be written: ${reason}; calls that act are refused`);
    this.#reason = reason;
    return reason;
  }
}

function wordsFor(error: unknown): string {
  if (error instanceof ForeignFile || error instanceof RangeError) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? 'error';
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return say`the disk is full (${code})`;
    case 'EROFS':
      return say`the file system is read-only (${code})`;
    case 'EACCES':
    case 'EPERM':
      return say`this user may not write to the state directory (${code})`;
    case 'ENOENT':
      return say`the state directory does not exist any more (${code})`;
    case 'ELOOP':
      return say`a file of the log is a symbolic link (${code})`;
    default:
      return say`the file system refused (${code})`;
  }
}
