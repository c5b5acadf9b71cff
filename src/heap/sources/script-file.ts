import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';

/** Heap that reading a file may take per byte of the file: its text, the parsed value and its table. */
const HEAP_PER_BYTE = 6;

/** Modules have file URLs, CommonJS scripts have paths. Null for anything that is not a file on this machine. */
export function fileUrlOf(address: string): URL | null {
  if (isAbsolute(address)) return pathToFileURL(address);
  const url = new URL(address);
  return isLocalFile(url) ? url : null;
}

const isLocalFile = ({ protocol, host }: URL) => protocol === 'file:' && host === '';

/** A snapshot may name anything: only regular files are read, since reading a pipe or a device may never end. */
export function readText(url: URL, maxBytes: number): string | null {
  if (!isLocalFile(url)) return null;
  const file = openSync(fileURLToPath(url), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const status = fstatSync(file);
    if (!status.isFile() || status.size > maxBytes || !fits(status.size)) return null;
    // No more than its reported size: files in /proc report 0, and some have no end.
    const bytes = Buffer.allocUnsafe(status.size);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, status.size, 0));
  } finally {
    closeSync(file);
  }
}

/** A process that runs out of heap does not throw, it dies, and its results are lost. */
export function fits(bytes: number): boolean {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return bytes * HEAP_PER_BYTE < limit - used;
}
