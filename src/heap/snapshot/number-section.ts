/**
 * Arrays of unsigned integers, nine tenths of a snapshot's bytes. They are read in two ways: by a tight loop that knows
 * only `digits ,` and `digits LF ,` (the way V8 writes them) and stops at anything else, and by a state machine that
 * takes one byte at a time and knows all JSON whitespace, chunk ends and errors. Invariant: the loop starts and stops
 * between two numbers, and takes a number only if it fits before the chunk's end.
 */
import { BYTE, isSpace, type SectionReader } from './section-reader.js';
import { snapshotError } from './snapshot-error.js';

const BEFORE_OPEN = 0;
const BEFORE_NUMBER = 1;
const IN_NUMBER = 2;
const AFTER_NUMBER = 3;
const DONE = 4;

/** Any number with at most this many digits fits 31 bits. */
const FAST_DIGITS = 9;
/** Bytes that a number and its separator take at most; a longer separator may cost a look past the chunk's end. */
const FAST_BYTES = FAST_DIGITS + 3;
const BATCH_RECORDS = 256;

/** Stands for a number that does not fit 32 bits; see `NumberBatch.large`. */
export const LARGE = 0xffff_ffff;

/** Whole records, one after another. */
export interface NumberBatch {
  /** The numbers: `records` times the fields of a record. LARGE means that the number is in `large`. */
  readonly values: Uint32Array;
  readonly records: number;
  /** Index in `values` → the number, if it is LARGE or more. */
  readonly large: ReadonlyMap<number, number>;
}

export interface WrongRecord {
  /** Index in the batch. */
  readonly record: number;
  readonly what: string;
}

/** Takes records; returns the first wrong one and what is wrong with it, or null. */
export interface RecordSink {
  take(batch: NumberBatch): WrongRecord | null;
}

export class NumberSection implements SectionReader {
  readonly #name: string;
  readonly #fields: number;
  readonly #sink: RecordSink;
  readonly #values: Uint32Array;
  readonly #cursor = new Int32Array(2);
  readonly #large = new Map<number, number>();
  /** Numbers read but not yet handed over. */
  #length = 0;
  /** Byte offset in the file of a record that began in an earlier chunk. */
  #begun = 0;
  #state = BEFORE_OPEN;
  #first = true;
  #value = 0;

  constructor(name: string, fields: number, sink: RecordSink) {
    this.#name = name;
    this.#fields = fields;
    this.#sink = sink;
    this.#values = new Uint32Array(BATCH_RECORDS * fields);
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  consume(chunk: Uint8Array, start: number, base: number): number {
    const cursor = this.#cursor;
    let pos = start;
    while (pos < chunk.length && this.#state !== DONE) {
      cursor[0] = pos;
      cursor[1] = this.#length;
      if (this.#state === BEFORE_NUMBER) scanNumbers(chunk, this.#values, cursor);
      if (cursor[0] > pos) {
        this.#first = false;
        pos = cursor[0];
        this.#length = cursor[1];
      } else {
        this.#step(chunk[pos]!, base + pos);
        pos++;
      }
      if (this.#length === this.#values.length) this.#handOver(chunk, pos, base);
    }
    this.#handOver(chunk, pos, base);
    if (this.#state !== DONE) this.#begun = this.#offsetOf(0, chunk, pos, base);
    else if (this.#length > 0) throw snapshotError(base + pos, `${this.#name} ends within a record`);
    return pos;
  }

  #step(byte: number, byteOffset: number): void {
    const state = this.#state;
    if (byte >= BYTE.zero && byte <= BYTE.zero + 9) {
      if (state === BEFORE_OPEN || state === AFTER_NUMBER) throw this.#unexpected(byteOffset);
      this.#value = state === IN_NUMBER ? this.#value * 10 + byte - BYTE.zero : byte - BYTE.zero;
      if (this.#value > Number.MAX_SAFE_INTEGER)
        throw snapshotError(byteOffset, `a number in ${this.#name} is too large`);
      this.#state = IN_NUMBER;
    } else if (byte === BYTE.comma) {
      if (!this.#isInNumber) throw this.#unexpected(byteOffset);
      this.#take();
      this.#state = BEFORE_NUMBER;
    } else if (isSpace(byte)) {
      if (state === IN_NUMBER) this.#state = AFTER_NUMBER;
    } else if (byte === BYTE.closeBracket) {
      if (this.#isInNumber) this.#take();
      else if (state !== BEFORE_NUMBER || !this.#first) throw this.#unexpected(byteOffset);
      this.#state = DONE;
    } else if (byte === BYTE.openBracket && state === BEFORE_OPEN) {
      this.#state = BEFORE_NUMBER;
    } else {
      throw this.#unexpected(byteOffset);
    }
  }

  #take(): void {
    this.#first = false;
    if (this.#value >= LARGE) this.#large.set(this.#length, this.#value);
    this.#values[this.#length++] = Math.min(this.#value, LARGE);
  }

  /** Hands over whole records and keeps the unfinished one. */
  #handOver(chunk: Uint8Array, pos: number, base: number): void {
    const records = Math.floor(this.#length / this.#fields);
    if (records === 0) return;
    const wrong = this.#sink.take({ values: this.#values, records, large: this.#large });
    if (wrong !== null) throw snapshotError(this.#offsetOf(wrong.record, chunk, pos, base), wrong.what);
    const taken = records * this.#fields;
    this.#values.copyWithin(0, taken, this.#length);
    this.#length -= taken;
    if (this.#large.size === 0) return;
    const kept = [...this.#large].filter(([index]) => index >= taken);
    this.#large.clear();
    for (const [index, value] of kept) this.#large.set(index - taken, value);
  }

  /** Byte offset in the file of a record not yet handed over, found by counting commas back from `pos`. */
  #offsetOf(record: number, chunk: Uint8Array, pos: number, base: number): number {
    const numbers = this.#length - record * this.#fields;
    // A comma precedes each number except the first of all, and one may also follow the last number.
    let commas = numbers + (this.#state === BEFORE_NUMBER || this.#isInNumber ? 1 : 0);
    let at = pos - 1;
    for (; at >= 0; at--) {
      if (chunk[at] === BYTE.openBracket) break;
      if (chunk[at] === BYTE.comma && --commas === 0) break;
    }
    if (at < 0) return this.#begun;
    at++;
    while (at < pos && (isSpace(chunk[at]!) || chunk[at] === BYTE.comma)) at++;
    return base + at;
  }

  /** Whether a number has begun that is not taken yet. */
  get #isInNumber(): boolean {
    return this.#state === IN_NUMBER || this.#state === AFTER_NUMBER;
  }

  #unexpected(byteOffset: number): Error {
    return snapshotError(byteOffset, `${this.#name} is not a list of numbers`);
  }
}

/**
 * The parser's hot loop: reads numbers of up to nine digits from `chunk` at `cursor[0]` into `values` at `cursor[1]`,
 * and stops between two numbers. It is a separate function, called for few numbers at a time, so that V8 compiles it
 * once rather than again in the middle of each long call.
 */
function scanNumbers(chunk: Uint8Array, values: Uint32Array, cursor: Int32Array): void {
  const { zero, comma, lineFeed } = BYTE;
  const end = chunk.length - FAST_BYTES;
  const room = values.length;
  let pos = cursor[0]!;
  let at = cursor[1]!;
  while (pos < end && at < room) {
    const number = pos;
    let digit = chunk[pos]! - zero;
    if (digit < 0 || digit > 9) break;
    let value = digit;
    digit = chunk[++pos]! - zero;
    // Most numbers are short: the first digits are read without a loop.
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digit = chunk[++pos]! - zero;
      while (digit >= 0 && digit <= 9) {
        value = (Math.imul(value, 10) + digit) | 0;
        digit = chunk[++pos]! - zero;
      }
    }
    const digits = pos - number;
    if (digit === comma - zero) pos++;
    else if (digit === lineFeed - zero && chunk[pos + 1] === comma) pos += 2;
    else pos = number;
    if (pos === number || digits > FAST_DIGITS) {
      pos = number;
      break;
    }
    values[at++] = value;
  }
  cursor[0] = pos;
  cursor[1] = at;
}
