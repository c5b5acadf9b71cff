import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { formatBytes } from '../runtime/units.js';

/**
 * The content of a file with a secret. Throws what `fail` makes of the reason if the file cannot be read, is
 * too large, or can be read by others.
 */
export function readPrivateFile(path: string, maxBytes: number, fail: (what: string) => Error): Buffer {
  let descriptor: number;
  try {
    // A named pipe in its place must not stop the service until someone writes to it.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw fail(`cannot be read (${(error as NodeJS.ErrnoException).code}). Check its path '${path}'`);
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw fail('is not a regular file');
    // A secret that Kubernetes mounts belongs to root, and the service reads it through its group.
    const isOwn = stat.uid === process.geteuid?.();
    if (process.platform !== 'win32' && (stat.mode & (isOwn ? 0o077 : 0o037)) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw fail(`has mode ${mode} and can be read by others. Give it mode 0400`);
    }
    if (stat.size > maxBytes) throw fail(`is larger than ${formatBytes(maxBytes)}`);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
