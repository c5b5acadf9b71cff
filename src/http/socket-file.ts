import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { LeakwatchError } from '../errors.js';

/**
 * Makes room for a new socket at `path`: a socket without a listener was left by a process that was killed, and is
 * removed. Throws for anything else, since it belongs to somebody.
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
  const failure = await probe(path);
  if (failure === 'ECONNREFUSED') unlinkSync(path);
  else if (failure !== 'ENOENT') {
    const why =
      failure === null ? 'Another process listens' : `Another process may be listening (${failure})`;
    throw new LeakwatchError(
      'LEAKWATCH_ERR_LISTEN',
      `${why} on '${path}'. Choose another path or stop that process.`,
    );
  }
}

/** Node creates sockets with the umask's mode; this runs in the same turn as the bind, before a connection is accepted. */
export function restrictToOwner(path: string): void {
  chmodSync(path, 0o600);
}

/** The error code of an attempt to connect; null if a process listens. */
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
