import { bytesColumn, wordsColumn } from './column.js';
import { BYTE } from './section-reader.js';

/** Names of classes, functions, edges and files. It does not contain strings that the program made. */
export interface StringTable {
  readonly length: number;
  /** String index → text, cut to MAX_NAME_LENGTH; '' if the string was not kept. */
  text(index: number): string;
  /** String index → the decimal number it spells; −1 if it is not a number or was not kept. */
  numeral(index: number): number;
  /** The first string index with this text; −1 if there is none or it was not kept. */
  find(text: string): number;
}

/** Length of a kept name, UTF-16 units. */
export const MAX_NAME_LENGTH = 200;

const NOT_KEPT = 0xffff_ffff;
/** Marks a numeral; its value is in the other bits. */
const NUMERAL = 0x8000_0000;
/** Any number with so many digits leaves the bit free. */
const NUMERAL_DIGITS = 9;
const LENGTH_BYTES = 2;
/** Size of all names together, bytes; further names are not kept. */
const MAX_BYTES = 1 << 30;
/** Texts kept in decoded form once they have been requested. */
const MAX_DECODED = 50_000;

/**
 * Names as bytes, decoded on demand. Numerals name the slots of V8's tables, a million in a large Map: each takes only
 * its four bytes in `#places`.
 */
export class NameTable implements StringTable {
  /** String index → offset in `#bytes`, NUMERAL and its value, or NOT_KEPT. */
  readonly #places = wordsColumn(1 << 12);
  /** For each name its length in two bytes, low byte first, then UTF-8. */
  readonly #bytes = bytesColumn(1 << 16);
  readonly #decoded = new Map<number, string>();
  readonly #found = new Map<string, number>();

  get length(): number {
    return this.#places.length;
  }

  skip(): void {
    this.#places.push(NOT_KEPT);
  }

  /** `utf8[start..end)` is the unescaped text; at most 65,535 bytes. */
  push(utf8: Uint8Array, start: number, end: number): void {
    const numeral = decimalAt(utf8, start, end);
    if (numeral >= 0) {
      this.#places.push((NUMERAL | numeral) >>> 0);
      return;
    }
    const bytes = this.#bytes;
    if (bytes.length > MAX_BYTES) {
      this.skip();
      return;
    }
    bytes.reserve(LENGTH_BYTES + end - start);
    this.#places.push(bytes.length);
    bytes.values[bytes.length++] = (end - start) & 0xff;
    bytes.values[bytes.length++] = (end - start) >> 8;
    for (let at = start; at < end; at++) bytes.values[bytes.length++] = utf8[at]!;
  }

  text(index: number): string {
    const place = this.#places.values[index] ?? NOT_KEPT;
    if (index >= this.length || place === NOT_KEPT) return '';
    if (place >= NUMERAL) return String(place - NUMERAL);
    const known = this.#decoded.get(index);
    if (known !== undefined) return known;
    const [start, end] = this.#range(place);
    const text = Buffer.from(this.#bytes.values.buffer, start, end - start).toString('utf8');
    if (this.#decoded.size === MAX_DECODED) this.#decoded.clear();
    this.#decoded.set(index, text);
    return text;
  }

  numeral(index: number): number {
    const place = index < this.length ? this.#places.values[index]! : NOT_KEPT;
    return place >= NUMERAL && place !== NOT_KEPT ? place - NUMERAL : -1;
  }

  find(text: string): number {
    let found = this.#found.get(text);
    if (found === undefined) {
      found = this.#search(Buffer.from(text));
      this.#found.set(text, found);
    }
    return found;
  }

  #range(place: number): readonly [number, number] {
    const { values } = this.#bytes;
    const start = place + LENGTH_BYTES;
    return [start, start + values[place]! + (values[place + 1]! << 8)];
  }

  #search(utf8: Uint8Array): number {
    const { values } = this.#bytes;
    const numeral = decimalAt(utf8, 0, utf8.length);
    for (let index = 0; index < this.length; index++) {
      const place = this.#places.values[index]!;
      if (numeral >= 0) {
        if (place - NUMERAL === numeral) return index;
        continue;
      }
      if (place >= NUMERAL || values[place] !== (utf8.length & 0xff)) continue;
      const [start, end] = this.#range(place);
      if (end - start !== utf8.length) continue;
      let same = 0;
      while (same < utf8.length && values[start + same] === utf8[same]) same++;
      if (same === utf8.length) return index;
    }
    return -1;
  }
}

/** The number; −1 if the text is not digits, has more than `most`, or begins with a needless zero. */
export function decimalAt(utf8: Uint8Array, start: number, end: number, most = NUMERAL_DIGITS): number {
  const digits = end - start;
  const { zero } = BYTE;
  if (digits <= 0 || digits > most || (digits > 1 && utf8[start] === zero)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = utf8[at]! - zero;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
