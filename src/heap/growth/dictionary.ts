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

/** Looks like an entry, and is none. */
function prototypeLabel({ strings }: HeapSnapshot): number {
  return labelOf(EDGE.property, Math.max(0, strings.find('__proto__')));
}

/** The classes whose properties of this object, more than `fields` each, are entries; null for ordinary objects. */
export function dictionaryClasses(
  snapshot: HeapSnapshot,
  classes: ClassNames,
  node: number,
  fields = MAX_RECORD_FIELDS,
): ReadonlySet<string> | null {
  const { firstEdge, edgeTo } = snapshot;
  const prototype = prototypeLabel(snapshot);
  if (firstEdge[node + 1]! - firstEdge[node]! <= fields) return null;
  const counts = new Map<string, number>();
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    if (labelType(label) !== EDGE.property || label === prototype) continue;
    const name = classes.of(edgeTo[edge]!);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const many = [...counts].filter(([, count]) => count > fields).map(([name]) => name);
  return many.length === 0 ? null : new Set(many);
}

/** Properties of the object that are folded, a count. */
export function countDictionary(
  snapshot: HeapSnapshot,
  classes: ClassNames,
  node: number,
  folded: ReadonlySet<string>,
): number {
  const prototype = prototypeLabel(snapshot);
  let entries = 0;
  for (let edge = snapshot.firstEdge[node]!; edge < snapshot.firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    if (label === prototype || labelType(label) !== EDGE.property) continue;
    if (folded.has(classes.of(snapshot.edgeTo[edge]!))) entries++;
  }
  return entries;
}
