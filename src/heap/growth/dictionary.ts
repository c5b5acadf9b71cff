import { edgeTypeCode, type HeapSnapshot, labelAt, labelType } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';

const PROPERTY = edgeTypeCode('property');

/** An object with more properties than this that lead to one class is a table with keys, not a record with fields. */
export const MAX_RECORD_FIELDS = 32;

/** A key that looks like data (an id, a path, an address) is folded wherever it stands. */
const DATA_KEY = /[/\\@:?&=%]|\d{5}|^\d|[0-9a-f]{12}|^.{65}/i;

export const isDataKey = (key: string): boolean => DATA_KEY.test(key) && !key.startsWith('<symbol');

/** The classes whose properties of this object are entries; null for ordinary objects. */
export function dictionaryClasses(
  snapshot: HeapSnapshot,
  classes: ClassNames,
  node: number,
): ReadonlySet<string> | null {
  const { firstEdge, edgeTo } = snapshot;
  if (firstEdge[node + 1]! - firstEdge[node]! <= MAX_RECORD_FIELDS) return null;
  const counts = new Map<string, number>();
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    if (labelType(labelAt(snapshot, node, edge)) !== PROPERTY) continue;
    const name = classes.of(edgeTo[edge]!);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const many = [...counts].filter(([, count]) => count > MAX_RECORD_FIELDS).map(([name]) => name);
  return many.length === 0 ? null : new Set(many);
}

/** Properties of the object that are folded, a count. */
export function countDictionary(
  snapshot: HeapSnapshot,
  classes: ClassNames,
  node: number,
  folded: ReadonlySet<string>,
): number {
  let entries = 0;
  for (let edge = snapshot.firstEdge[node]!; edge < snapshot.firstEdge[node + 1]!; edge++) {
    const type = labelType(labelAt(snapshot, node, edge));
    if (type === PROPERTY && folded.has(classes.of(snapshot.edgeTo[edge]!))) entries++;
  }
  return entries;
}
