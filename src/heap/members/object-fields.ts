import { target } from '../graph/scopes.js';
import { isDataKey, MAX_RECORD_FIELDS } from '../growth/dictionary.js';
import { type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';
import { fieldsOf } from './number-field.js';

const MAX_FIELDS = 20;
/** Properties that V8 or Node added. */
const HIDDEN_FIELDS = /^(get |set |<symbol|$)/;

/** Names of the own properties of the most frequent shape among some objects, in order; none of objects used as tables. */
export function fieldNames(snapshot: HeapSnapshot, objects: readonly number[]): readonly string[] {
  const names = new Set<string>();
  for (const node of sameShape(snapshot, objects)) {
    for (const [name] of fieldsOf(snapshot, node)) {
      if (!HIDDEN_FIELDS.test(name) && !isDataKey(name) && names.size < MAX_FIELDS) names.add(name);
    }
  }
  return [...names];
}

/** Some of them that have the same edges, as many as there are of the most frequent kind. */
function sameShape(snapshot: HeapSnapshot, objects: readonly number[]): readonly number[] {
  const shapes = new Map<number, number[]>();
  for (const node of objects) {
    if (isTable(snapshot, node)) continue;
    const alike = shapes.get(snapshot.firstLabel[node]!);
    if (alike === undefined) shapes.set(snapshot.firstLabel[node]!, [node]);
    else alike.push(node);
  }
  const alike = [...shapes.values()].sort((a, b) => b.length - a.length)[0] ?? [];
  // If all objects differ, their fields are keys.
  return alike.length > 1 || objects.length === 1 ? alike : [];
}

/** V8 keeps the properties of an object used as a table in a hash table: its keys may be anything. */
function isTable(snapshot: HeapSnapshot, node: number): boolean {
  const store = target(snapshot, node, 'properties');
  if (store >= 0 && snapshot.nodeType[store] === NODE.array) return true;
  return snapshot.firstEdge[node + 1]! - snapshot.firstEdge[node]! > MAX_RECORD_FIELDS;
}
