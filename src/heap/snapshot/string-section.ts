import { MAX_RATIO_BYTES, mayBeginRatio, RatioTexts } from './ratio-texts.js';
import { BYTE, isSpace, type SectionReader } from './section-reader.js';
import { snapshotError } from './snapshot-error.js';
import { MAX_NAME_LENGTH, NameTable } from './string-table.js';

const BEFORE_OPEN = 0;
const BEFORE_STRING = 1;
const IN_STRING = 2;
const ESCAPED = 3;
const UNICODE = 4;
const AFTER_STRING = 5;
const DONE = 6;

/** V8 cuts names at 1,024 characters; an escaped character takes six bytes. */
const MAX_RAW_BYTES = 1024 * 6;

/**
 * V8 writes the names of key and value into the name of the edges between them, and the name of a string is its text:
 * of such a name only the numbers are kept.
 */
const EPHEMERON = /^(\d+ \/ part of key \().*(@\d+\) -> value \().*(@\d+\) pair in WeakMap \(table @\d+\))$/s;
const EPHEMERON_BEGIN = /^\d+ \/ part of key \(/;
/** Longer names that begin with a digit may be ephemerons. */
const MAX_NUMERAL_BYTES = 9;

/** Whether these bytes need no unescaping and can be kept as they are. */
function isPlainName(bytes: Uint8Array, start: number, end: number): boolean {
  const mayHoldText =
    end - start > MAX_NUMERAL_BYTES && bytes[start]! >= BYTE.zero && bytes[start]! <= BYTE.nine;
  return end - start <= MAX_NAME_LENGTH && !mayHoldText;
}

function withoutText(name: string): string {
  const [begin] = EPHEMERON_BEGIN.exec(name) ?? [];
  return begin === undefined ? name : (EPHEMERON.exec(name)?.slice(1).join('') ?? begin);
}

/** The string table. Only strings marked in `wanted` are copied; the others are skipped. */
export class StringSection implements SectionReader {
  readonly table = new NameTable();
  readonly ratios = new RatioTexts();
  readonly #wanted: (index: number) => boolean;
  readonly #raw = Buffer.alloc(MAX_RAW_BYTES);
  #state = BEFORE_OPEN;
  #keep = false;
  /** Bytes in `#raw`, and how many of them end at a whole character. For a string that is not kept, its first bytes. */
  #rawBytes = 0;
  #wholeBytes = 0;
  #hexDigits = 0;

  constructor(wanted: (index: number) => boolean) {
    this.#wanted = wanted;
  }

  get done(): boolean {
    return this.#state === DONE;
  }

  consume(chunk: Uint8Array, start: number, base: number): number {
    let pos = start;
    while (pos < chunk.length && this.#state !== DONE) {
      const byte = chunk[pos]!;
      this.#step(byte, base + pos);
      pos++;
      if (this.#state === IN_STRING && (this.#rawBytes === 0 || !this.#keep)) pos = this.#scan(chunk, pos);
    }
    return pos;
  }

  /** The hot loop: reads or skips plain strings, one after another, until something else comes. */
  #scan(chunk: Uint8Array, start: number): number {
    const { quote, backslash, space } = BYTE;
    for (let pos = start; ; ) {
      const begin = pos;
      while (pos < chunk.length) {
        const byte = chunk[pos]!;
        if (byte === quote || byte === backslash || byte < space) break;
        pos++;
      }
      if (chunk[pos] !== BYTE.quote || (this.#keep && !isPlainName(chunk, begin, pos))) {
        if (!this.#keep) this.#hold(chunk, begin, pos);
        return this.#keep ? begin : pos;
      }
      if (this.#keep) this.table.push(chunk, begin, pos);
      else if (this.#rawBytes > 0) {
        this.#hold(chunk, begin, pos);
        this.#skipHeld();
      } else {
        if (mayBeginRatio(chunk[begin]!)) this.ratios.push(this.table.length, chunk, begin, pos);
        this.table.skip();
      }
      this.#state = AFTER_STRING;
      const next = chunk[pos + 2] === BYTE.lineFeed ? pos + 3 : pos + 2;
      if (chunk[pos + 1] !== BYTE.comma || chunk[next] !== BYTE.quote) return pos + 1;
      this.#open();
      pos = next + 1;
    }
  }

  #open(): void {
    this.#keep = this.#wanted(this.table.length);
    this.#rawBytes = 0;
    this.#wholeBytes = 0;
    this.#state = IN_STRING;
  }

  #step(byte: number, byteOffset: number): void {
    switch (this.#state) {
      case IN_STRING:
        this.#inString(byte, byteOffset);
        return;
      case ESCAPED:
        if (!'"\\/bfnrtu'.includes(String.fromCharCode(byte))) throw this.#unexpected(byteOffset);
        this.#append(byte, byte !== 0x75);
        this.#state = byte === 0x75 ? UNICODE : IN_STRING;
        this.#hexDigits = 0;
        return;
      case UNICODE:
        if (!/[0-9a-fA-F]/.test(String.fromCharCode(byte))) throw this.#unexpected(byteOffset);
        this.#hexDigits++;
        this.#append(byte, this.#hexDigits === 4);
        if (this.#hexDigits === 4) this.#state = IN_STRING;
        return;
      default:
        this.#between(byte, byteOffset);
    }
  }

  #inString(byte: number, byteOffset: number): void {
    if (byte === BYTE.quote) {
      if (this.#keep) this.#pushText();
      else this.#skipHeld();
      this.#state = AFTER_STRING;
    } else if (byte === BYTE.backslash) {
      this.#append(byte, false);
      this.#state = ESCAPED;
    } else if (byte < BYTE.space) {
      throw this.#unexpected(byteOffset);
    } else {
      this.#append(byte, true);
    }
  }

  #between(byte: number, byteOffset: number): void {
    if (isSpace(byte)) return;
    const state = this.#state;
    if (byte === BYTE.openBracket && state === BEFORE_OPEN) this.#state = BEFORE_STRING;
    else if (byte === BYTE.quote && state === BEFORE_STRING) this.#open();
    else if (byte === BYTE.comma && state === AFTER_STRING) this.#state = BEFORE_STRING;
    else if (
      byte === BYTE.closeBracket &&
      (state === AFTER_STRING || (state === BEFORE_STRING && this.table.length === 0))
    ) {
      this.#state = DONE;
    } else throw this.#unexpected(byteOffset);
  }

  /** Start of a string that is not kept, from the chunk before; one byte too many means that it is too long. */
  #hold(chunk: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end && this.#rawBytes <= MAX_RATIO_BYTES; at++)
      this.#raw[this.#rawBytes++] = chunk[at]!;
  }

  #skipHeld(): void {
    this.ratios.push(this.table.length, this.#raw, 0, this.#rawBytes);
    this.table.skip();
  }

  #append(byte: number, whole: boolean): void {
    if (this.#rawBytes === (this.#keep ? MAX_RAW_BYTES : MAX_RATIO_BYTES + 1)) return;
    this.#raw[this.#rawBytes++] = byte;
    if (whole) this.#wholeBytes = this.#rawBytes;
  }

  #pushText(): void {
    const raw = this.#raw.toString('utf8', 0, this.#wholeBytes);
    const text = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
    const utf8 = Buffer.from(withoutText(text).slice(0, MAX_NAME_LENGTH));
    this.table.push(utf8, 0, utf8.length);
  }

  #unexpected(byteOffset: number): Error {
    return snapshotError(byteOffset, 'strings is not a list of strings');
  }
}
