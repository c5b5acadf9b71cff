import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { LeakwatchError } from '../errors.js';
import { readChunks } from '../heap/snapshot/snapshot-file.js';
import { terminalText } from '../report/terminal-text.js';

const MAX_PATH = 500;
const STDIN = '-';

/** Error code of the system → what it means for a file. */
const SYSTEM_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory, not a heap snapshot',
  EACCES: 'this user lacks the permission to read it',
  EPERM: 'this user lacks the permission to read it',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
};

/** A file named on the command line, or standard input. */
export class SnapshotInput {
  /** The path as given, safe to print. */
  readonly name: string;
  /** The name without folders. */
  readonly label: string;
  /** Why it could not be read, unless its content was the reason; else null. */
  error: unknown = null;
  /** When it was written, milliseconds since the Unix epoch; null before it is read, or if unknown. */
  modifiedMs: number | null = null;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.name = path === STDIN ? 'standard input' : terminalText(path, MAX_PATH);
    this.label = path === STDIN ? this.name : terminalText(basename(path), MAX_PATH);
  }

  /** Opens the file when the first chunk is requested. `totalBytes` is 0 if the size is unknown. */
  async *chunks(onBytes: (bytes: number, totalBytes: number) => void): AsyncGenerator<Uint8Array> {
    try {
      const file = this.#path === STDIN ? null : await stat(this.#path);
      this.modifiedMs = file?.mtimeMs ?? null;
      let bytes = 0;
      for await (const chunk of file === null ? process.stdin : readChunks(this.#path)) {
        bytes += chunk.length;
        onBytes(bytes, file?.size ?? 0);
        yield chunk;
      }
    } catch (error) {
      this.error = error;
      throw error;
    }
  }
}

/** Why an input could not be analysed, for a person; null for an error that is not the input's. */
export function inputReason(error: unknown): string | null {
  if (error instanceof LeakwatchError) return `${error.message} (${error.code})`;
  if (!(error instanceof Error)) return null;
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array length/i.test(error.message))
    return 'not enough memory to analyse it';
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined || (error as NodeJS.ErrnoException).syscall === undefined) return null;
  return `${SYSTEM_REASONS[code] ?? 'it could not be read'} (${code})`;
}
