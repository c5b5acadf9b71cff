/**
 * Slots of shared memory between the thread that reads and the one that parses, filled and emptied in turn. A slot holds
 * one chunk of the file: bytes, then numbers that stood in place of other bytes, then the bytes behind them.
 */

/** Bytes of the file in one slot. */
export const SLOT_BYTES = 1 << 18;
const SLOTS = 8;

/** Words before a slot's content: its state, and how much of each part there is. */
const HEAD_WORDS = 8;
const [STATE, PREFIX, NUMBERS, REST, LENGTH] = [0, 1, 2, 3, 4];
const FREE = 0;
const FULL = 1;
const END = 2;

/** A number and its comma take two bytes at least. */
const MAX_NUMBERS = SLOT_BYTES / 2;
const WORD_BYTES = 4;
const SLOT_SIZE = HEAD_WORDS * WORD_BYTES + SLOT_BYTES + MAX_NUMBERS * WORD_BYTES;

export interface ScanOrder {
  readonly path: string;
  /** Byte offset of the first chunk. */
  readonly start: number;
  readonly memory: SharedArrayBuffer;
}

export interface ScannedChunk {
  /** Bytes before the numbers. */
  readonly prefix: Uint8Array;
  readonly numbers: Uint32Array;
  /** Bytes behind the numbers. */
  readonly rest: Uint8Array;
  /** Bytes of the file that all this was. */
  readonly length: number;
}

export class ScanRing {
  readonly #memory: SharedArrayBuffer;
  readonly #heads: readonly Int32Array[];

  constructor(memory: SharedArrayBuffer) {
    this.#memory = memory;
    this.#heads = Array.from(
      { length: SLOTS },
      (_, slot) => new Int32Array(memory, slot * SLOT_SIZE, HEAD_WORDS),
    );
  }

  static createMemory(): SharedArrayBuffer {
    return new SharedArrayBuffer(SLOTS * SLOT_SIZE);
  }

  /** The slot for the `index`-th chunk, once the parser has left it. */
  slotToFill(index: number): number {
    const slot = index % SLOTS;
    const head = this.#heads[slot]!;
    while (Atomics.load(head, STATE!) !== FREE) Atomics.wait(head, STATE!, Atomics.load(head, STATE!));
    return slot;
  }

  bytes(slot: number): Uint8Array {
    return new Uint8Array(this.#memory, slot * SLOT_SIZE + HEAD_WORDS * WORD_BYTES, SLOT_BYTES);
  }

  numbers(slot: number): Uint32Array {
    const offset = slot * SLOT_SIZE + HEAD_WORDS * WORD_BYTES + SLOT_BYTES;
    return new Uint32Array(this.#memory, offset, MAX_NUMBERS);
  }

  publish(slot: number, prefix: number, numbers: number, rest: number, length: number): void {
    const head = this.#heads[slot]!;
    head[PREFIX!] = prefix;
    head[NUMBERS!] = numbers;
    head[REST!] = rest;
    head[LENGTH!] = length;
    this.#set(slot, FULL);
  }

  end(slot: number): void {
    this.#set(slot, END);
  }

  /** The `index`-th chunk; null at the file's end, `undefined` when it did not come within `timeoutMs`. */
  take(index: number, timeoutMs: number): ScannedChunk | null | undefined {
    const slot = index % SLOTS;
    const head = this.#heads[slot]!;
    if (Atomics.load(head, STATE!) === FREE) Atomics.wait(head, STATE!, FREE, timeoutMs);
    const state = Atomics.load(head, STATE!);
    if (state === FREE) return undefined;
    if (state === END) return null;
    const bytes = this.bytes(slot);
    const [prefix, rest] = [head[PREFIX!]!, head[REST!]!];
    return {
      prefix: bytes.subarray(0, prefix),
      numbers: this.numbers(slot).subarray(0, head[NUMBERS!]!),
      rest: bytes.subarray(prefix, prefix + rest),
      length: head[LENGTH!]!,
    };
  }

  /** The parser is done with the `index`-th chunk. */
  release(index: number): void {
    this.#set(index % SLOTS, FREE);
  }

  #set(slot: number, state: number): void {
    const head = this.#heads[slot]!;
    Atomics.store(head, STATE!, state);
    Atomics.notify(head, STATE!);
  }
}
