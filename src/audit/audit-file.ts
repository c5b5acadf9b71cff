import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The part of Node's `FileHandle` that a file of the log needs. */
export interface AppendHandle {
  write(bytes: Uint8Array, offset: number): Promise<{ readonly bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(bytes: number): Promise<void>;
  stat(): Promise<{ readonly size: number; readonly nlink: number }>;
  close(): Promise<void>;
}

/** Creates the file; fails if anything has its name. */
export type CreateFile = (path: string) => Promise<AppendHandle>;

/** O_EXCL never follows a link and never opens a file that someone else made; O_NOFOLLOW says so twice. */
export const createFile: CreateFile = async (path) => {
  const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND, O_NOFOLLOW = 0 } = constants;
  const handle = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_NOFOLLOW, 0o600);
  await syncDirectory(dirname(path));
  return handle;
};

/** Without this, the name of the new file may be lost with the power. Not every file system can. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** A file that this process alone appends to. */
export class AuditFile {
  readonly name: string;
  readonly #handle: AppendHandle;
  #bytes = 0;
  #isWhole = true;

  constructor(name: string, handle: AppendHandle) {
    this.name = name;
    this.#handle = handle;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False once it was deleted, changed by someone else, or holds a part of a line: then nothing may be appended. */
  async isUsable(): Promise<boolean> {
    if (!this.#isWhole) return false;
    const { size, nlink } = await this.#handle.stat();
    return nlink > 0 && size === this.#bytes;
  }

  /** Appends the whole line, `durable` also to the disk. If that fails, throws and takes back what was written of it. */
  async append(text: string, durable: boolean): Promise<void> {
    const bytes = Buffer.from(`${text}\n`);
    let written = 0;
    try {
      while (written < bytes.length) written += (await this.#handle.write(bytes, written)).bytesWritten;
      if (durable) await this.#handle.datasync();
      this.#bytes += bytes.length;
    } catch (error) {
      this.#isWhole = await this.#handle.truncate(this.#bytes).then(
        () => true,
        () => false,
      );
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
