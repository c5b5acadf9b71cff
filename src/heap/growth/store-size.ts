/**
 * The size of the tables that V8 keeps for a collection of so many members which only ever grew. Sources: src/objects of V8,
 * js-objects.cc (NewElementsCapacity), hash-table-inl.h (ComputeCapacity), ordered-hash-table.h; equal to the sizes in
 * snapshots of Node 20 to 26 (measured with 16 counts from 60 to 300,000).
 */

const WORD_BYTES = 8;
const HEADER_WORDS = 2;
/** Counters before the buckets of an ordered table. */
const ORDERED_PREFIX = 3;
/** Counters before the entries of a dictionary: of names, and of indices that lie far apart. */
export const PREFIX = { names: 6, indices: 4 };
/** Key, value and details. */
const DICTIONARY_STRIDE = 3;
const MIN_TABLE = 4;
const MIN_ADDED_ELEMENTS = 16;

const powerFrom = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(MIN_TABLE, least)));

/** Bytes of a Map's (`stride` 3) or Set's (2) table. */
export function orderedTableBytes(entries: number, stride: number): number {
  const capacity = powerFrom(entries);
  return WORD_BYTES * (HEADER_WORDS + ORDERED_PREFIX + capacity / 2 + capacity * stride);
}

/** Bytes of the store of an array that was filled from its beginning. */
export function elementsBytes(length: number): number {
  let capacity = 0;
  while (capacity < length) {
    const needed = capacity + 1;
    capacity = needed + Math.floor(needed / 2) + MIN_ADDED_ELEMENTS;
  }
  return WORD_BYTES * (HEADER_WORDS + capacity);
}

/** Bytes of a dictionary: the store of the properties of an object used as a table. */
export function dictionaryBytes(entries: number, prefix: number): number {
  return WORD_BYTES * (HEADER_WORDS + prefix + DICTIONARY_STRIDE * powerFrom(entries * 1.5));
}
