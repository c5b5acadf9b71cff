import { open } from 'node:fs/promises';
import type { HeapSnapshot } from './heap-snapshot.js';
import { type ParseOptions, parseSnapshot } from './snapshot-parser.js';

const CHUNK_BYTES = 1 << 20;

/** Reads a snapshot file. Throws what `parseSnapshot` throws, and the errors of opening and reading a file. */
export function parseSnapshotFile(path: string, options: ParseOptions = {}): Promise<HeapSnapshot> {
  return parseSnapshot(readChunks(path), options);
}

/** A file's bytes in chunks of up to 1 MiB. Two buffers alternate: a chunk is valid until the next one is requested. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let now = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let next = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let reading = file.read(now, 0, CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      // The disk works while the consumer does.
      reading = file.read(next, 0, CHUNK_BYTES);
      reading.catch(() => {});
      yield now.subarray(0, bytesRead);
      [now, next] = [next, now];
    }
  } finally {
    await file.close();
  }
}
