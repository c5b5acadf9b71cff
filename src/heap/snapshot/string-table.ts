import { bytesColumn, wordsColumn } from './column.js';

/** Names of classes, functions, edges and files. Strings that the program made are not in it. */
export interface StringTable {
  readonly length: number;
  /** String index → text, cut to MAX_NAME_LENGTH; '' when the string was not kept. */
  text(index: number): string;
  /** String index → the number it writes in decimal; −1 when it is none or was not kept. */
  numeral(index: number): number;
  /** The first string index with this text; −1 when it was not kept. */
  find(text: string): number;
}

/** UTF-16 units of a kept name. */
export const MAX_NAME_LENGTH = 200;

const NOT_KEPT = 0xffff_ffff;
/** Marks a numeral; its value stands in the other bits. */
const NUMERAL = 0x8000_0000;
const LENGTH_BYTES = 2;
/** All names together; those beyond are not kept. */
const MAX_BYTES = 1 << 30;
/** Texts that were asked for and are kept decoded. */
const MAX_DECODED = 50_000;

/**
 * Names as bytes, decoded when asked for. Numerals name the slots of V8's tables, a million in a large Map: they take no
 * bytes beside their four in `#places`.
 */
export class NameTable implements StringTable {
  /** String index → offset in `#bytes`, NUMERAL and its value, or NOT_KEPT. */
  readonly #places = wordsColumn(1 << 12);
  /** Length in two bytes, low one first, then UTF-8. */
  readonly #bytes = bytesColumn(1 << 16);
  readonly #decoded = new Map<number, string>();
  readonly #found = new Map<string, number>();

  get length(): number {
    return this.#places.length;
  }

  skip(): void {
    this.#places.push(NOT_KEPT);
  }

  /** `utf8[start..end)` is the text, not escaped; at most 65,535 bytes. */
  push(utf8: Uint8Array, start: number, end: number): void {
    const numeral = numeralOf(utf8, start, end);
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
    const numeral = numeralOf(utf8, 0, utf8.length);
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

/** The number, or −1: up to nine digits, none of them a leading zero. */
function numeralOf(utf8: Uint8Array, start: number, end: number): number {
  const digits = end - start;
  if (digits === 0 || digits > 9 || (digits > 1 && utf8[start] === 0x30)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = utf8[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
