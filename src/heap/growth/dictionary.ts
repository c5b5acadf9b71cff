import { EDGE, type HeapSnapshot, labelAt, labelOf, labelType } from '../snapshot/heap-snapshot.js';
import type { ClassNames } from './class-names.js';

/** An object with more properties than this that lead to one class is a table with keys, not a record with fields. */
export const MAX_RECORD_FIELDS = 32;

/**
 * A key that looks like data (an id, a path, an address, a phrase) is folded wherever it stands: it is no name that a
 * programmer would write after a dot, or it contains a long number or hexadecimal digits.
 */
const NAME = /^(?:(?:get |set )?[#\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]{0,63}|<.*>|)$/u;
const DATA_KEY = /\d{5}|[0-9a-f]{12}/i;

/** A symbol's description counts as a name; V8 puts it into brackets. */
const SYMBOL = /^<symbol (.*)>$/s;

export const isDataKey = (key: string): boolean => {
  const name = SYMBOL.exec(key)?.[1]?.replaceAll(/[. :/-]/g, '_') ?? key;
  return !NAME.test(name) || DATA_KEY.test(name);
};

/** Of an object used as a table: the classes whose properties are entries, each with a count of them. */
export type Dictionary = ReadonlyMap<string, number>;

/** Classes with more than `fields` properties make entries; null for ordinary objects. */
export function dictionaryOf(
  snapshot: HeapSnapshot,
  classes: ClassNames,
  node: number,
  fields = MAX_RECORD_FIELDS,
): Dictionary | null {
  const { firstEdge, edgeTo } = snapshot;
  // Looks like an entry.
  const prototype = labelOf(EDGE.property, Math.max(0, snapshot.strings.find('__proto__')));
  const counts = new Map<string, number>();
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    if (labelType(label) !== EDGE.property || label === prototype) continue;
    const name = classes.of(edgeTo[edge]!);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  for (const [name, count] of counts) if (count <= fields) counts.delete(name);
  return counts.size === 0 ? null : counts;
}
