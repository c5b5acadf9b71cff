import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { LeakwatchError } from '../../errors.js';
import type { HeapSnapshot } from './heap-snapshot.js';
import { type ScanOrder, ScanRing } from './scan-ring.js';
import { type ParseOptions, parseSnapshot, SnapshotParser } from './snapshot-parser.js';

const CHUNK_BYTES = 1 << 20;
/** From this size on a second thread pays for its start. */
const MIN_PARALLEL_BYTES = 32 << 20;
/** How long the parser blocks its thread at most before it looks whether the other one lives, milliseconds. */
const PATIENCE_MS = 50;
/** Chunks between two turns of the event loop: 4 MiB, some ten milliseconds. */
const CHUNKS_A_TURN = 16;

/**
 * Reads a snapshot file, a large one with two threads. Throws as `parseSnapshot` does, and what opening and reading a
 * file throws.
 */
export async function parseSnapshotFile(
  path: string,
  options: ParseOptions = {},
  minParallelBytes = MIN_PARALLEL_BYTES,
): Promise<HeapSnapshot> {
  const { size } = await stat(path);
  if (size >= minParallelBytes) {
    const snapshot = await parseInParallel(path, options);
    if (snapshot !== null) return snapshot;
  }
  return parseSnapshot(readChunks(path), options);
}

/** A file's bytes in chunks of up to 1 MiB. Two buffers take turns: a chunk is good until the next is asked for. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let now = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let next = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let reading = file.read(now, 0, CHUNK_BYTES);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      // The disk works while the reader does.
      reading = file.read(next, 0, CHUNK_BYTES);
      reading.catch(() => {});
      yield now.subarray(0, bytesRead);
      [now, next] = [next, now];
    }
  } finally {
    await file.close();
  }
}

/** Null when it did not work out, whatever the reason: reading the file again by one thread gives the exact error. */
async function parseInParallel(path: string, options: ParseOptions): Promise<HeapSnapshot | null> {
  const memory = ScanRing.createMemory();
  const order: ScanOrder = { path, memory };
  let worker: Worker;
  try {
    worker = new Worker(new URL('./scan-worker.js', import.meta.url), { workerData: order, execArgv: [] });
  } catch {
    return null;
  }
  let failed = false;
  worker.on('error', () => {
    failed = true;
  });
  const gone = once(worker, 'exit').then(
    () => true,
    () => true,
  );
  try {
    return await parseScanned(new ScanRing(memory), options, () => failed);
  } catch (error) {
    if (error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_SNAPSHOT_FORMAT') return null;
    throw error;
  } finally {
    await worker.terminate();
    await gone;
  }
}

async function parseScanned(
  ring: ScanRing,
  { onBytes, signal, ...options }: ParseOptions,
  hasFailed: () => boolean,
): Promise<HeapSnapshot | null> {
  const parser = new SnapshotParser({ ...options, signal });
  let bytes = 0;
  for (let index = 0; ; ) {
    const chunk = ring.take(index, PATIENCE_MS);
    signal?.throwIfAborted();
    if (chunk === null) return parser.finish();
    if (chunk !== undefined) {
      parser.push(chunk.prefix);
      if (chunk.numbers.length > 0) parser.pushNumbers(chunk.numbers);
      parser.push(chunk.rest);
      bytes += chunk.length;
      ring.release(index++);
      onBytes?.(bytes);
    }
    if (chunk === undefined || index % CHUNKS_A_TURN === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (hasFailed()) return null;
    }
  }
}
