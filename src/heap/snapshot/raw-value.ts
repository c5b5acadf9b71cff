import { BYTE, isSpace, type SectionReader } from './section-reader.js';
import { snapshotError } from './snapshot-error.js';

/** Any JSON value, delimited by its brackets alone: kept as text up to `keepBytes` (an error beyond), or skipped if that is 0. */
export class RawValue implements SectionReader {
  readonly #keepBytes: number;
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #depth = 0;
  #begun = false;
  #scalar = false;
  #inString = false;
  #escaped = false;
  done = false;

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  consume(chunk: Uint8Array, start: number, base: number): number {
    let pos = start;
    while (pos < chunk.length && !this.done) {
      if (this.#step(chunk[pos]!, base + pos)) pos++;
    }
    if (this.#keepBytes > 0) {
      this.#keptBytes += pos - start;
      if (this.#keptBytes > this.#keepBytes) throw snapshotError(base + start, 'the header is too long');
      this.#kept.push(chunk.slice(start, pos));
    }
    return pos;
  }

  text(): string {
    return Buffer.concat(this.#kept).toString('utf8');
  }

  /** Whether the byte belongs to the value; a number or word ends before the next byte. */
  #step(byte: number, byteOffset: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BYTE.backslash) this.#escaped = true;
      else if (byte === BYTE.quote) {
        this.#inString = false;
        this.done = this.#depth === 0;
      }
      return true;
    }
    if (byte === BYTE.openBrace || byte === BYTE.openBracket) this.#depth++;
    else if (byte === BYTE.closeBrace || byte === BYTE.closeBracket) {
      if (this.#depth === 0) return this.#endScalar(byteOffset);
      this.#depth--;
      this.done = this.#depth === 0;
    } else if (byte === BYTE.quote) this.#inString = true;
    else if (this.#depth === 0) {
      if (byte === BYTE.comma) return this.#endScalar(byteOffset);
      if (isSpace(byte)) {
        if (this.#scalar) return this.#endScalar(byteOffset);
        return true;
      }
      this.#scalar = true;
    }
    this.#begun = true;
    return true;
  }

  #endScalar(byteOffset: number): boolean {
    if (!this.#begun) throw snapshotError(byteOffset, 'a value is missing');
    this.done = true;
    return false;
  }
}
