/**
 * Entry counts. An ordered hash table of V8 (src/objects/ordered-hash-table.h) is an array of three counters, B buckets,
 * and room for 2·B entries of a key, for a Map a value, and a chain link. B is a power of two, so the length shows whether
 * it is a Map or a Set. Slots in use are counted, not the capacity: tables hardly shrink.
 * An entry whose key and value are both small integers shows no edge. A table of such entries alone is counted as half
 * full, which it was when it last grew: V8 halves a table that is emptied to a quarter of its room, and doubles a full
 * one, so this is right within a factor of two. The same holds for the store of an array of numbers.
 */

import { target } from '../graph/scopes.js';
import {
  EDGE,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelOf,
  labelType,
  NODE,
  sizeOf,
} from '../snapshot/heap-snapshot.js';

const HEADER_WORDS = 2;
const WORD_BYTES = 8;
const COUNTERS = 3;
/** Less room than this is not counted as numbers. */
const MIN_NUMBERS = 64;

interface TableShape {
  readonly buckets: number;
  /** Slots of one entry. */
  readonly stride: number;
}

export function tableShape(selfSize: number): TableShape | null {
  const slots = selfSize / WORD_BYTES - HEADER_WORDS - COUNTERS;
  for (const stride of [3, 2]) {
    const buckets = slots / (1 + 2 * stride);
    if (Number.isInteger(buckets) && buckets > 0 && 2 ** Math.round(Math.log2(buckets)) === buckets) {
      return { buckets, stride };
    }
  }
  return null;
}

/** The hash table of a Map, a Set or a class made from one; −1 means the object has none. */
export function tableOf(snapshot: HeapSnapshot, node: number): number {
  const table = target(snapshot, node, 'table');
  return table >= 0 && snapshot.nodeType[table] === NODE.array ? table : -1;
}

export function countTableEntries(snapshot: HeapSnapshot, table: number): number {
  const { firstEdge, strings } = snapshot;
  const shape = tableShape(sizeOf(snapshot, table));
  const entries = new Set<number>();
  for (let edge = firstEdge[table]!; edge < firstEdge[table + 1]!; edge++) {
    const label = labelAt(snapshot, table, edge);
    if (labelType(label) !== EDGE.internal) continue;
    const slot = strings.numeral(labelName(label));
    if (slot >= 0)
      entries.add(shape === null ? slot : Math.floor((slot - COUNTERS - shape.buckets) / shape.stride));
  }
  if (entries.size > 0 || shape === null || !isBlank(snapshot, table)) return entries.size;
  return shape.buckets >= MIN_NUMBERS ? shape.buckets : 0;
}

/** Whether a table or store has no edges but those to V8's own description: then it can hold numbers only. */
function isBlank(snapshot: HeapSnapshot, store: number): boolean {
  for (let edge = snapshot.firstEdge[store]!; edge < snapshot.firstEdge[store + 1]!; edge++) {
    const label = labelAt(snapshot, store, edge);
    if (labelType(label) !== EDGE.internal || labelName(label) !== snapshot.strings.find('map')) return false;
  }
  return true;
}

/** Slots in use: one that was filled with `undefined` beforehand is capacity. */
export function countElements(snapshot: HeapSnapshot, node: number): number {
  const { firstEdge, firstLabel, labels, edgeTo, nodeType, strings } = snapshot;
  const shift = firstLabel[node]! - firstEdge[node]!;
  const storeLabel = labelOf(EDGE.internal, Math.max(0, strings.find('elements')));
  let elements = 0;
  let store = -1;
  let shown = false;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labels[edge + shift]!;
    if (label === storeLabel) store = edgeTo[edge]!;
    if (labelType(label) !== EDGE.element) continue;
    shown = true;
    if (nodeType[edgeTo[edge]!] !== NODE.hidden) elements++;
  }
  if (shown || store < 0 || nodeType[store] !== NODE.array || !isBlank(snapshot, store)) return elements;
  const room = sizeOf(snapshot, store) / WORD_BYTES - HEADER_WORDS;
  return room >= MIN_NUMBERS ? Math.floor(room) : 0;
}
