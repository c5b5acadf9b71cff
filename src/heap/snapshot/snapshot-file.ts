import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { LeakwatchError } from '../../errors.js';
import { systemClock } from '../../runtime/clock.js';
import type { HeapSnapshot } from './heap-snapshot.js';
import { type ScanOrder, ScanRing } from './scan-ring.js';
import { type ParseOptions, parseSnapshot, SnapshotParser } from './snapshot-parser.js';

const CHUNK_BYTES = 1 << 20;
/** From this size on a second thread pays for its start. */
const MIN_PARALLEL_BYTES = 32 << 20;
/** The parser reads so much by itself while the other thread starts. */
const HEAD_START_BYTES = 8 << 20;
/** How long the parser blocks its thread at most before it looks whether the other one lives, milliseconds. */
const PATIENCE_MS = 50;
/** Chunks between two turns of the event loop: 64 MiB, some hundred milliseconds. */
const CHUNKS_A_TURN = 256;

/**
 * Reads a snapshot file, a large one with two threads. Throws as `parseSnapshot` does, and what opening and reading a
 * file throws.
 */
export async function parseSnapshotFile(path: string, options: ParseOptions = {}): Promise<HeapSnapshot> {
  const { size } = await stat(path);
  const snapshot = size < MIN_PARALLEL_BYTES ? null : await parseInParallel(path, size, options);
  return snapshot ?? parseSnapshot(readChunks(path), options);
}

/**
 * The first `end` bytes of a file, all by default, in chunks of up to 1 MiB. Two buffers take turns: a chunk is good
 * until the next is asked for.
 */
export async function* readChunks(path: string, end = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let now = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let next = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let due = end;
    const read = (buffer: Uint8Array) => file.read(buffer, 0, Math.min(CHUNK_BYTES, due));
    let reading = read(now);
    for (;;) {
      const { bytesRead } = await reading;
      due -= bytesRead;
      if (bytesRead === 0) return;
      // The disk works while the reader does.
      reading = read(next);
      reading.catch(() => {});
      yield now.subarray(0, bytesRead);
      [now, next] = [next, now];
    }
  } finally {
    await file.close();
  }
}

/** With two threads. Null when it did not work out, whatever the reason: reading the file again by one thread gives the exact error. */
export async function parseInParallel(
  path: string,
  size: number,
  options: ParseOptions,
): Promise<HeapSnapshot | null> {
  const memory = ScanRing.createMemory();
  const start = Math.min(HEAD_START_BYTES, Math.floor(size / 4));
  const order: ScanOrder = { path, start, memory };
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
    const parser = new SnapshotParser(options);
    for await (const chunk of readChunks(path, start)) {
      options.signal?.throwIfAborted();
      parser.push(chunk);
    }
    return await parseScanned(parser, new ScanRing(memory), start, options, () => failed);
  } catch (error) {
    if (error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_SNAPSHOT_FORMAT') return null;
    throw error;
  } finally {
    await worker.terminate();
    await gone;
  }
}

async function parseScanned(
  parser: SnapshotParser,
  ring: ScanRing,
  start: number,
  { onBytes, signal }: ParseOptions,
  hasFailed: () => boolean,
): Promise<HeapSnapshot | null> {
  let bytes = start;
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
      await new Promise<void>((resolve) => systemClock.after(0, resolve));
      if (hasFailed()) return null;
    }
  }
}
