import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { LeakwatchError } from '../errors.js';

/**
 * Makes way for a new socket at `path`: a socket that nobody listens on is left over from a process that was killed,
 * and is removed. Anything else there is somebody's, and throws.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (!existing.isSocket()) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_LISTEN',
      `'${path}' exists and is not a socket. Choose another path or remove it.`,
    );
  }
  const answer = await probe(path);
  if (answer === 'ECONNREFUSED') unlinkSync(path);
  else if (answer !== 'ENOENT') {
    const why =
      answer === null ? 'Another process listens' : `It cannot be told (${answer}) whether a process listens`;
    throw new LeakwatchError(
      'LEAKWATCH_ERR_LISTEN',
      `${why} on '${path}'. Choose another path or stop that process.`,
    );
  }
}

/** Node creates sockets by the umask; this runs in the same turn as the bind, before a connection can be accepted. */
export function restrictToOwner(path: string): void {
  chmodSync(path, 0o600);
}

/** The error code of an attempt to connect; null when somebody listens. */
function probe(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
