import { open, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { LeakwatchError } from '../../errors.js';
import { systemClock } from '../../runtime/clock.js';
import { Column } from './column.js';
import { createEdgeMemory, EdgeThread } from './edge-thread.js';
import type { EdgeOrder } from './edge-worker.js';
import type { HeapSnapshot } from './heap-snapshot.js';
import { type ParseOptions, parseSnapshot, SnapshotParser } from './snapshot-parser.js';

const CHUNK_BYTES = 1 << 20;
/** From this size on a second thread pays for its start. */
const MIN_PARALLEL_BYTES = 32 << 20;
/** An edge takes at least three digits, and three bytes that part it from the next. */
const MIN_EDGE_BYTES = 6;
/** How long this thread blocks at most before it lets the event loop turn, milliseconds. */
const PATIENCE_MS = 50;
/** How long it works at most before it does. */
const TURN_MS = 100;

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
 * A file's bytes from `start` on in chunks of up to 1 MiB. Two buffers take turns: a chunk is good until the next is
 * asked for.
 */
export async function* readChunks(path: string, start = 0): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let now = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let next = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    let position = start;
    let reading = file.read(now, 0, CHUNK_BYTES, position);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      position += bytesRead;
      // The disk works while the reader does.
      reading = file.read(next, 0, CHUNK_BYTES, position);
      reading.catch(() => {});
      yield now.subarray(0, bytesRead);
      [now, next] = [next, now];
    }
  } finally {
    await file.close();
  }
}

/**
 * With two threads, one for the nodes and what follows, and one for the edges. Null when it did not work out, whatever
 * the reason: reading the file again by one thread gives the exact error.
 */
export async function parseInParallel(
  path: string,
  size: number,
  options: ParseOptions,
): Promise<HeapSnapshot | null> {
  const parsing = new ParallelParsing(path, size, options);
  try {
    return await parsing.run();
  } catch (error) {
    if (error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_SNAPSHOT_FORMAT') return null;
    throw error;
  } finally {
    await parsing.end();
  }
}

class ParallelParsing {
  readonly #path: string;
  readonly #size: number;
  readonly #options: ParseOptions;
  readonly #parser: SnapshotParser;
  #worker: Worker | null = null;
  #thread: EdgeThread | null = null;
  #workerFailed = false;
  #turnedMs = systemClock.monotonicMs();

  constructor(path: string, size: number, options: ParseOptions) {
    this.#path = path;
    this.#size = size;
    this.#options = options;
    this.#parser = new SnapshotParser(options, true);
  }

  async run(): Promise<HeapSnapshot | null> {
    const parser = this.#parser;
    for await (const chunk of readChunks(this.#path)) {
      this.#push(chunk);
      if (parser.meta !== null && this.#worker === null && !this.#start()) return null;
      if (parser.edgesOffset !== null) break;
    }
    const endOffset = await this.#takeEdges();
    if (endOffset === null) return null;
    for await (const chunk of readChunks(this.#path, endOffset)) this.#push(chunk);
    this.#options.signal?.throwIfAborted();
    return parser.finish();
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #push(chunk: Uint8Array): void {
    this.#options.signal?.throwIfAborted();
    const bytes = this.#parser.push(chunk);
    this.#options.onBytes?.(bytes);
  }

  /** False when the header's counts do not fit the file. */
  #start(): boolean {
    const { meta } = this.#parser;
    if (meta === null || meta.edgeCount * MIN_EDGE_BYTES > this.#size) return false;
    const memory = createEdgeMemory(meta.edgeCount);
    const workerData: EdgeOrder = { path: this.#path, meta, memory };
    this.#thread = new EdgeThread(memory);
    this.#worker = new Worker(new URL('./edge-worker.js', import.meta.url), { workerData, execArgv: [] });
    this.#worker.on('error', () => {
      this.#workerFailed = true;
    });
    return true;
  }

  /** Byte offset behind the edges; null when they could not be read, or lie elsewhere than the parser found them. */
  async #takeEdges(): Promise<number | null> {
    const [thread, { meta, edgesOffset }] = [this.#thread, this.#parser];
    if (thread === null || meta === null || edgesOffset === null) return null;
    const to = new Column(meta.edgeCount, () => thread.to);
    to.length = meta.edgeCount;
    const columns = this.#parser.createEdges(to);
    const label = (ring: Uint32Array, from: number, count: number) => columns.label(ring, from, count);
    while (thread.read(label, PATIENCE_MS)) {
      if (systemClock.monotonicMs() - this.#turnedMs < TURN_MS) continue;
      await new Promise<void>((resolve) => systemClock.after(0, resolve));
      this.#turnedMs = systemClock.monotonicMs();
      this.#options.signal?.throwIfAborted();
      if (this.#workerFailed) return null;
    }
    const { found } = thread;
    if (found === null || found.openOffset !== edgesOffset) return null;
    this.#parser.takeEdges(columns, found.largestName, found.endOffset);
    return found.endOffset;
  }
}
