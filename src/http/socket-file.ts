import { lstatSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { LeakwatchError } from '../errors.js';

/**
 * Makes room for a new socket at `path`: a socket without a listener was left by a process that was killed, and is
 * removed. Throws for anything else, since it belongs to someone else.
 */
export async function clearStaleSocket(path: string): Promise<void> {
  const existing = lstatSync(path, { throwIfNoEntry: false });
  if (existing === undefined) return;
  if (!existing.isSocket())
    throw taken(`'${path}' exists and is not a socket. Choose another path or remove it.`);
  const failure = await probe(path);
  if (failure === 'ECONNREFUSED') unlinkSync(path);
  else if (failure !== 'ENOENT') {
    const who = failure === null ? 'process listens' : `process may be listening (${failure})`;
    throw taken(`Another ${who} on '${path}'. Choose another path or stop that process.`);
  }
}

const taken = (message: string) => new LeakwatchError('LEAKWATCH_ERR_LISTEN', message);

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
