import type { Socket } from 'node:net';

/** Room for two or three usual requests; longer headers arrive in several slices. */
const SLICE_BYTES = 1024;

/**
 * Lets Node's HTTP server read a connection in slices, and not on while `isHeld` says so. By itself, Node reads up to 64 KB at
 * once and handles every request in it: 3,600 short ones took 40 to 120 ms of the event loop, and nothing that a
 * handler does stops it, since the server resumes the socket at the end of each request. Called once the server has
 * attached itself; returns how to end the reading.
 */
export function feedInSlices(socket: Socket, isHeld: () => boolean): () => void {
  const parsers = socket.listeners('data') as ((chunk: Buffer) => void)[];
  let ended = false;
  const feed = (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length && !ended && !socket.destroyed; at += SLICE_BYTES) {
      if (isHeld() || socket.isPaused()) {
        socket.pause();
        socket.unshift(chunk.subarray(at));
        return;
      }
      const slice = chunk.subarray(at, at + SLICE_BYTES);
      try {
        for (const parse of parsers) parse.call(socket, slice);
      } catch {
        // Node's server asserts that a socket it paused is not read. That would end the process; this ends one connection.
        socket.destroy();
      }
    }
    if (isHeld()) socket.pause();
  };
  // From now on the bytes reach JavaScript, instead of the parser directly.
  socket.on('data', feed);
  for (const parse of parsers) socket.off('data', parse);
  return () => {
    ended = true;
    socket.off('data', feed);
  };
}
