/**
 * What two threads share that read one file: the targets of all edges, which one writes and the other keeps, and a ring
 * of their labels, since only who has the nodes knows which edges belong together.
 */

/** Labels that the ring holds: 8 MiB, about as many as are read while the other thread is busy with the nodes. */
const RING_LABELS = 1 << 21;
const WORD_BYTES = 4;
const HEAD_WORDS = 4;
/** Words of the head: labels written and taken so far, and how the reading of the edges stands. */
const [WRITTEN, TAKEN, STATE] = [0, 1, 2] as const;
const RUNNING = 0;
const DONE = 1;
const FAILED = 2;

/** Memory for the edges of one file. */
export interface EdgeMemory {
  readonly head: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  readonly to: SharedArrayBuffer;
  /** Byte offsets in the file: where the list of edges opens, and behind where it closes. Then the largest name. */
  readonly found: SharedArrayBuffer;
}

export function createEdgeMemory(edgeCount: number): EdgeMemory {
  return {
    head: new SharedArrayBuffer(HEAD_WORDS * WORD_BYTES),
    ring: new SharedArrayBuffer(RING_LABELS * WORD_BYTES),
    to: new SharedArrayBuffer(edgeCount * WORD_BYTES),
    found: new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT),
  };
}

/** What the thread that read the edges says at the end. */
export interface FoundEdges {
  readonly openOffset: number;
  readonly endOffset: number;
  readonly largestName: number;
}

/** Counts are 32 bits and may be beyond 31: they are compared as they are and subtracted without a sign. */
export class EdgeThread {
  readonly to: Uint32Array;
  readonly #head: Int32Array;
  readonly #ring: Uint32Array;
  readonly #found: Float64Array;

  constructor({ head, ring, to, found }: EdgeMemory) {
    this.to = new Uint32Array(to);
    this.#head = new Int32Array(head);
    this.#ring = new Uint32Array(ring);
    this.#found = new Float64Array(found);
  }

  /** Blocks until the ring has room. */
  write(labels: Uint32Array, count: number): void {
    const written = Atomics.load(this.#head, WRITTEN);
    for (;;) {
      const taken = Atomics.load(this.#head, TAKEN);
      if (((written - taken) >>> 0) + count <= RING_LABELS) break;
      Atomics.wait(this.#head, TAKEN, taken);
    }
    for (let at = 0; at < count; at++) this.#ring[(written + at) & (RING_LABELS - 1)] = labels[at]!;
    Atomics.store(this.#head, WRITTEN, written + count);
    Atomics.notify(this.#head, WRITTEN);
  }

  finish({ openOffset, endOffset, largestName }: FoundEdges): void {
    this.#found.set([openOffset, endOffset, largestName]);
    this.#end(DONE);
  }

  fail(): void {
    this.#end(FAILED);
  }

  /**
   * Hands the labels that are there to `take`, in parts, and waits up to `timeoutMs` for some where there are none. True
   * while more may come. Throws nothing of its own.
   */
  read(take: (ring: Uint32Array, from: number, count: number) => void, timeoutMs: number): boolean {
    // Asked first: when it had ended before, all labels are there now.
    const state = Atomics.load(this.#head, STATE);
    const taken = Atomics.load(this.#head, TAKEN);
    const written = Atomics.load(this.#head, WRITTEN);
    if (written === taken) {
      if (state !== RUNNING) return false;
      Atomics.wait(this.#head, WRITTEN, written, timeoutMs);
      return true;
    }
    const from = taken & (RING_LABELS - 1);
    const count = Math.min((written - taken) >>> 0, RING_LABELS - from);
    take(this.#ring, from, count);
    Atomics.store(this.#head, TAKEN, taken + count);
    Atomics.notify(this.#head, TAKEN);
    return true;
  }

  /** What was found, once all is read; null when that failed. */
  get found(): FoundEdges | null {
    if (Atomics.load(this.#head, STATE) !== DONE) return null;
    const [openOffset, endOffset, largestName] = this.#found as unknown as readonly [number, number, number];
    return { openOffset, endOffset, largestName };
  }

  #end(state: number): void {
    Atomics.store(this.#head, STATE, state);
    Atomics.notify(this.#head, WRITTEN);
  }
}
