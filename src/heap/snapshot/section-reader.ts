/** Reads one value at the file's top level, across any number of chunks. */
export interface SectionReader {
  readonly done: boolean;
  /** Reads from `chunk[start]` and returns where it stopped; `base` is the byte offset of the chunk in the file. */
  consume(chunk: Uint8Array, start: number, base: number): number;
}

/** Loops that see every byte take these into variables: an import is read again at each use. */
export const BYTE = {
  lineFeed: 0x0a,
  space: 0x20,
  quote: 0x22,
  comma: 0x2c,
  slash: 0x2f,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

export const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
