/**
 * The mappings of a source map, version 3 (ECMA-426, "Mappings structure"): lines of the generated text are separated
 * by `;`, segments by `,`. A segment has 1, 4 or 5 numbers in base64 VLQ, each the difference from the previous
 * segment.
 *
 * Node's `module.SourceMap` allocates some 150 bytes of objects per segment, and a bundle's map may have millions of
 * segments in a process with bounded memory; here a segment is one row of typed arrays.
 */
export interface MappingTable {
  /** Line of the generated text, from 0 → its first segment; one more entry than there are lines. */
  readonly firstSegment: Uint32Array;
  /** Segment → column of the generated text, from 0, ascending within a line. */
  readonly column: Uint32Array;
  /** Segment → index of the source; −1 means that the text has no source. */
  readonly source: Int32Array;
  /** Segment → line and column of the source, from 0. */
  readonly sourceLine: Int32Array;
  readonly sourceColumn: Int32Array;
  /** Segment → index of the name; −1 means none. */
  readonly name: Int32Array;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Character code → its six bits; −1 means that it is not a base64 digit. */
const DIGITS = new Int8Array(128).fill(-1);
for (let digit = 0; digit < ALPHABET.length; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

const CONTINUES = 32;
const COMMA = ','.charCodeAt(0);
const SEMICOLON = ';'.charCodeAt(0);
const MAX_FIELDS = 5;
/** Most values in a table, 64 MiB: the arrays are outside the heap, whose limit does not cover them. */
const MAX_VALUES = 2 ** 24;

/** Throws if the text is not a valid list of mappings. */
export function decodeMappings(mappings: string): MappingTable {
  const { lines, segments } = sizeOf(mappings);
  if (lines + MAX_FIELDS * segments > MAX_VALUES) throw new Error('too many mappings');
  const table = {
    firstSegment: new Uint32Array(lines + 1),
    column: new Uint32Array(segments),
    source: new Int32Array(segments).fill(-1),
    sourceLine: new Int32Array(segments),
    sourceColumn: new Int32Array(segments),
    name: new Int32Array(segments).fill(-1),
  };
  /** The latest segment: column, source, line, column in the source, name. */
  const values = new Int32Array(MAX_FIELDS);
  let [line, segment, fields, value, shift] = [0, 0, 0, 0, 0];
  const finish = () => {
    if (fields === 0) return;
    table.column[segment] = values[0]!;
    if (fields >= 4) {
      table.source[segment] = values[1]!;
      table.sourceLine[segment] = values[2]!;
      table.sourceColumn[segment] = values[3]!;
    }
    if (fields === MAX_FIELDS) table.name[segment] = values[4]!;
    segment++;
    fields = 0;
  };
  for (let at = 0; at < mappings.length; at++) {
    const code = mappings.charCodeAt(at);
    if (code === COMMA || code === SEMICOLON) {
      finish();
      if (code === COMMA) continue;
      table.firstSegment[++line] = segment;
      values[0] = 0;
      continue;
    }
    const digit = code < DIGITS.length ? DIGITS[code]! : -1;
    if (digit < 0 || shift > 30) throw new Error('not a mapping');
    value |= (digit & (CONTINUES - 1)) << shift;
    shift += 5;
    if ((digit & CONTINUES) !== 0) continue;
    if (fields === MAX_FIELDS) throw new Error('not a mapping');
    // The lowest bit is the sign.
    values[fields] = values[fields]! + ((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
    fields++;
    value = 0;
    shift = 0;
  }
  finish();
  table.firstSegment[lines] = segment;
  return table;
}

/** Upper bounds for both. */
function sizeOf(mappings: string): { readonly lines: number; readonly segments: number } {
  let [lines, segments] = [1, 1];
  for (let at = 0; at < mappings.length; at++) {
    const code = mappings.charCodeAt(at);
    if (code === SEMICOLON) lines++;
    if (code === SEMICOLON || code === COMMA) segments++;
  }
  return { lines, segments };
}

/**
 * The segment at or before a position of the generated text, both from 0; −1 means none. If the line has segments only
 * after the position, it is the first of them: a function's position may precede what the compiler marked.
 */
export function segmentAt({ firstSegment, column }: MappingTable, line: number, at: number): number {
  if (line < 0 || line + 1 >= firstSegment.length) return -1;
  let low = firstSegment[line]!;
  let high = firstSegment[line + 1]!;
  if (low === high) return -1;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (column[middle]! <= at) low = middle;
    else high = middle;
  }
  return low;
}
