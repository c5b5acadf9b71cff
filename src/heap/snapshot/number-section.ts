import { CLOSE_BRACKET, COMMA, isSpace, OPEN_BRACKET, type SectionReader } from './section-reader.js';
import { snapshotError } from './snapshot-error.js';

const BEFORE_OPEN = 0;
const BEFORE_NUMBER = 1;
const IN_NUMBER = 2;
const AFTER_NUMBER = 3;
const DONE = 4;

/** An array of unsigned integers, handed over as records of `fields` numbers. */
export class NumberSection implements SectionReader {
  readonly #name: string;
  readonly #record: Float64Array;
  readonly #onRecord: (record: Float64Array, byteOffset: number) => void;
  #state = BEFORE_OPEN;
  #first = true;
  #value = 0;
  #field = 0;

  constructor(name: string, fields: number, onRecord: (record: Float64Array, byteOffset: number) => void) {
    this.#name = name;
    this.#record = new Float64Array(fields);
    this.#onRecord = onRecord;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  consume(chunk: Uint8Array, start: number, base: number): number {
    let state = this.#state;
    let value = this.#value;
    let pos = start;
    // The hot loop of the parser: state and value stay in locals, one pass over the bytes.
    for (; pos < chunk.length && state !== DONE; pos++) {
      const byte = chunk[pos]!;
      if (byte >= 0x30 && byte <= 0x39) {
        if (state === BEFORE_OPEN || state === AFTER_NUMBER) throw this.#unexpected(base + pos);
        value = state === IN_NUMBER ? value * 10 + byte - 0x30 : byte - 0x30;
        if (value > Number.MAX_SAFE_INTEGER)
          throw snapshotError(base + pos, `a number in ${this.#name} is too large`);
        state = IN_NUMBER;
      } else if (byte === COMMA) {
        if (state !== IN_NUMBER && state !== AFTER_NUMBER) throw this.#unexpected(base + pos);
        this.#take(value, base + pos);
        state = BEFORE_NUMBER;
      } else if (isSpace(byte)) {
        if (state === IN_NUMBER) state = AFTER_NUMBER;
      } else if (byte === CLOSE_BRACKET) {
        if (state === IN_NUMBER || state === AFTER_NUMBER) this.#take(value, base + pos);
        else if (state !== BEFORE_NUMBER || !this.#first) throw this.#unexpected(base + pos);
        if (this.#field !== 0) throw snapshotError(base + pos, `${this.#name} ends within a record`);
        state = DONE;
      } else if (byte === OPEN_BRACKET && state === BEFORE_OPEN) {
        state = BEFORE_NUMBER;
      } else {
        throw this.#unexpected(base + pos);
      }
    }
    this.#state = state;
    this.#value = value;
    return pos;
  }

  #take(value: number, byteOffset: number): void {
    this.#first = false;
    this.#record[this.#field++] = value;
    if (this.#field === this.#record.length) {
      this.#field = 0;
      this.#onRecord(this.#record, byteOffset);
    }
  }

  #unexpected(byteOffset: number): Error {
    return snapshotError(byteOffset, `${this.#name} is not a list of numbers`);
  }
}
