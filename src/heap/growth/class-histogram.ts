import { type HeapSnapshot, sizeOf } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';

export interface ClassRow {
  count: number;
  /** Shallow bytes. */
  bytes: number;
}

/** Class name → its objects and their shallow size; zero-sized nodes (small integers) are not objects. */
export function classHistogram(snapshot: HeapSnapshot, classes: ClassNames): ReadonlyMap<string, ClassRow> {
  const rows = new Map<string, ClassRow>();
  for (let node = 0; node < snapshot.nodeCount; node++) {
    const bytes = sizeOf(snapshot, node);
    if (bytes === 0) continue;
    const name = classes.of(node);
    const row = rows.get(name);
    if (row === undefined) rows.set(name, { count: 1, bytes });
    else {
      row.count++;
      row.bytes += bytes;
    }
  }
  return rows;
}
