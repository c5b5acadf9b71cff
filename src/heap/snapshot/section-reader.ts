/** Reads one value at the file's top level, across any number of chunks. */
export interface SectionReader {
  readonly done: boolean;
  /** Reads from `chunk[start]` and returns where it stopped; `base` is the byte offset of the chunk in the file. */
  consume(chunk: Uint8Array, start: number, base: number): number;
}

export const LINE_FEED = 0x0a;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

export const isSpace = (byte: number): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
