/**
 * Arrays of unsigned integers, nine tenths of a snapshot's bytes. Two ways lead through them: a tight loop that knows
 * only `digits ,` and `digits LF ,` (what V8 writes) and gives up before anything else, and a state machine that knows
 * all of JSON's white space, ends of chunks and errors, one byte at a time.
 * Invariant: the loop runs only between two numbers, and only where a whole number fits before the chunk's end.
 */
import {
  CLOSE_BRACKET,
  COMMA,
  isSpace,
  LINE_FEED,
  OPEN_BRACKET,
  type SectionReader,
} from './section-reader.js';
import { snapshotError } from './snapshot-error.js';

const BEFORE_OPEN = 0;
const BEFORE_NUMBER = 1;
const IN_NUMBER = 2;
const AFTER_NUMBER = 3;
const DONE = 4;

const ZERO = 0x30;
/** Up to this many digits a number fits 31 bits whatever they are. */
const FAST_DIGITS = 9;
/** Bytes that a number of the loop takes at most, with what parts it from the next. */
const FAST_BYTES = FAST_DIGITS + 3;
const BATCH_RECORDS = 4096;

/** Stands for a number that does not fit 32 bits; see `NumberBatch.large`. */
export const LARGE = 0xffff_ffff;

/** Whole records, one after the other. */
export interface NumberBatch {
  /** The numbers, `records` times as many as a record has fields; LARGE means that `large` has it. */
  readonly values: Uint32Array;
  readonly records: number;
  /** Index in `values` → number from LARGE on. */
  readonly large: ReadonlyMap<number, number>;
}

/** Takes records; says which one is wrong and how, or null. */
export interface RecordSink {
  take(batch: NumberBatch): { readonly record: number; readonly what: string } | null;
}

export class NumberSection implements SectionReader {
  readonly #name: string;
  readonly #fields: number;
  readonly #sink: RecordSink;
  readonly #values: Uint32Array;
  /** Byte offset in the file of the first number of each record in `#values`. */
  readonly #offsets = new Float64Array(BATCH_RECORDS);
  readonly #large = new Map<number, number>();
  #length = 0;
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
    let pos = start;
    while (pos < chunk.length && this.#state !== DONE) {
      if (this.#state === BEFORE_NUMBER) pos = this.#scan(chunk, pos, base);
      if (pos < chunk.length) this.#step(chunk[pos]!, base + pos);
      pos++;
    }
    this.#flush();
    return pos;
  }

  /** The hot loop of the parser. Returns where something else than plain numbers begins. */
  #scan(chunk: Uint8Array, start: number, base: number): number {
    const values = this.#values;
    const offsets = this.#offsets;
    const fields = this.#fields;
    const end = chunk.length - FAST_BYTES;
    let length = this.#length;
    let field = length % fields;
    let pos = start;
    while (pos < end) {
      let digit = chunk[pos]! - ZERO;
      if (digit < 0 || digit > 9) break;
      const number = pos++;
      const stop = number + FAST_DIGITS;
      let value = digit;
      for (digit = chunk[pos]! - ZERO; digit >= 0 && digit <= 9 && pos < stop; digit = chunk[pos]! - ZERO) {
        value = (value * 10 + digit) | 0;
        pos++;
      }
      if (digit + ZERO === COMMA) pos++;
      else if (digit + ZERO === LINE_FEED && chunk[pos + 1] === COMMA) pos += 2;
      else {
        pos = number;
        break;
      }
      if (field === 0) offsets[(length / fields) | 0] = base + number;
      values[length++] = value;
      if (++field === fields) {
        field = 0;
        if (length === values.length) {
          this.#length = length;
          this.#flush();
          length = 0;
        }
      }
    }
    if (pos > start) this.#first = false;
    this.#length = length;
    return pos;
  }

  #step(byte: number, byteOffset: number): void {
    const state = this.#state;
    if (byte >= ZERO && byte <= ZERO + 9) {
      if (state === BEFORE_OPEN || state === AFTER_NUMBER) throw this.#unexpected(byteOffset);
      if (state === BEFORE_NUMBER && this.#length % this.#fields === 0) {
        this.#offsets[this.#length / this.#fields] = byteOffset;
      }
      this.#value = state === IN_NUMBER ? this.#value * 10 + byte - ZERO : byte - ZERO;
      if (this.#value > Number.MAX_SAFE_INTEGER)
        throw snapshotError(byteOffset, `a number in ${this.#name} is too large`);
      this.#state = IN_NUMBER;
    } else if (byte === COMMA) {
      if (state !== IN_NUMBER && state !== AFTER_NUMBER) throw this.#unexpected(byteOffset);
      this.#take();
      this.#state = BEFORE_NUMBER;
    } else if (isSpace(byte)) {
      if (state === IN_NUMBER) this.#state = AFTER_NUMBER;
    } else if (byte === CLOSE_BRACKET) {
      if (state === IN_NUMBER || state === AFTER_NUMBER) this.#take();
      else if (state !== BEFORE_NUMBER || !this.#first) throw this.#unexpected(byteOffset);
      this.#flush();
      if (this.#length !== 0) throw snapshotError(byteOffset, `${this.#name} ends within a record`);
      this.#state = DONE;
    } else if (byte === OPEN_BRACKET && state === BEFORE_OPEN) {
      this.#state = BEFORE_NUMBER;
    } else {
      throw this.#unexpected(byteOffset);
    }
  }

  #take(): void {
    this.#first = false;
    if (this.#value >= LARGE) this.#large.set(this.#length, this.#value);
    this.#values[this.#length++] = Math.min(this.#value, LARGE);
    if (this.#length === this.#values.length) this.#flush();
  }

  /** Hands over whole records and keeps the begun one. */
  #flush(): void {
    const records = Math.floor(this.#length / this.#fields);
    if (records === 0) return;
    const wrong = this.#sink.take({ values: this.#values, records, large: this.#large });
    if (wrong !== null) throw snapshotError(this.#offsets[wrong.record]!, wrong.what);
    const taken = records * this.#fields;
    this.#values.copyWithin(0, taken, this.#length);
    this.#offsets[0] = this.#offsets[records] ?? 0;
    const begun = [...this.#large].filter(([index]) => index >= taken);
    this.#large.clear();
    for (const [index, value] of begun) this.#large.set(index - taken, value);
    this.#length -= taken;
  }

  #unexpected(byteOffset: number): Error {
    return snapshotError(byteOffset, `${this.#name} is not a list of numbers`);
  }
}
