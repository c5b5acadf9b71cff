/**
 * Entry counts. An ordered hash table of V8 (src/objects/ordered-hash-table.h) is an array of three counters, B buckets,
 * and room for 2·B entries of a key, for a Map a value, and a chain link. B is a power of two, so the length tells Map
 * from Set. Capacity says nothing: tables never shrink; what counts is slots that hold something.
 * An entry whose key and value are both small integers shows no edge and is not counted.
 */

import { target } from '../graph/scopes.js';
import {
  edgeTypeCode,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  nodeTypeCode,
  sizeOf,
} from '../snapshot/heap-snapshot.js';

const ARRAY = nodeTypeCode('array');
const HIDDEN = nodeTypeCode('hidden');
const INTERNAL = edgeTypeCode('internal');
const ELEMENT = edgeTypeCode('element');
const HEADER_WORDS = 2;
const WORD_BYTES = 8;
const COUNTERS = 3;

interface TableShape {
  readonly buckets: number;
  /** Slots of one entry. */
  readonly stride: number;
}

function tableShape(selfSize: number): TableShape | null {
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
  return table >= 0 && snapshot.nodeType[table] === ARRAY ? table : -1;
}

export function countTableEntries(snapshot: HeapSnapshot, table: number): number {
  const { firstEdge, strings } = snapshot;
  const shape = tableShape(sizeOf(snapshot, table));
  const entries = new Set<number>();
  for (let edge = firstEdge[table]!; edge < firstEdge[table + 1]!; edge++) {
    const label = labelAt(snapshot, table, edge);
    if (labelType(label) !== INTERNAL) continue;
    const slot = strings.numeral(labelName(label));
    if (slot >= 0)
      entries.add(shape === null ? slot : Math.floor((slot - COUNTERS - shape.buckets) / shape.stride));
  }
  return entries.size;
}

/** Slots that hold something: one that was filled with `undefined` beforehand is capacity. */
export function countElements(snapshot: HeapSnapshot, node: number): number {
  let elements = 0;
  for (let edge = snapshot.firstEdge[node]!; edge < snapshot.firstEdge[node + 1]!; edge++) {
    if (labelType(labelAt(snapshot, node, edge)) !== ELEMENT) continue;
    if (snapshot.nodeType[snapshot.edgeTo[edge]!] !== HIDDEN) elements++;
  }
  return elements;
}
