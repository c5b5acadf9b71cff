import { target } from '../graph/scopes.js';
import { isDataKey, MAX_RECORD_FIELDS } from '../growth/dictionary.js';
import {
  edgeTypeCode,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  nodeTypeCode,
} from '../snapshot/heap-snapshot.js';
import type { Bound } from './suspect.js';

const PROPERTY = edgeTypeCode('property');
const NUMBER = nodeTypeCode('number');
const ARRAY = nodeTypeCode('array');
const MAX_FIELDS = 20;
/** What V8 or Node put there rather than the program. */
const HIDDEN_FIELDS = /^(__proto__$|get |set |<symbol|$)/;

/** Names by which programs bound a collection; `_` and `#` before them are ignored. */
const BOUND_NAMES = new Set(
  ['max', 'maxSize', 'maxEntries', 'maxItems', 'maxLength', 'maxKeys', 'limit', 'capacity', 'sizeLimit'].map(
    (name) => name.toLowerCase(),
  ),
);

/** Objects in which an owner keeps its settings, a bound among them maybe. */
const SETTINGS = new Set(['options', 'opts', 'config', 'settings']);

/** Names of the own properties of the most frequent shape among some objects, in order; none of objects used as tables. */
export function fieldNames(snapshot: HeapSnapshot, objects: readonly number[]): readonly string[] {
  const names = new Set<string>();
  for (const node of sameShape(snapshot, objects)) {
    for (const [name] of properties(snapshot, node)) {
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
  // Objects that all differ have keys for fields.
  return alike.length > 1 || objects.length === 1 ? alike : [];
}

/** V8 keeps the properties of an object used as a table in a hash table: its keys may be anything. */
function isTable(snapshot: HeapSnapshot, node: number): boolean {
  const store = target(snapshot, node, 'properties');
  if (store >= 0 && snapshot.nodeType[store] === ARRAY) return true;
  return snapshot.firstEdge[node + 1]! - snapshot.firstEdge[node]! > MAX_RECORD_FIELDS;
}

/**
 * A numeric property, its own or of its settings, that says how much the object may hold, and is not broken by the
 * `count` that it holds.
 */
export function findBound(snapshot: HeapSnapshot, objects: readonly number[], count: number): Bound | null {
  const looked = objects.flatMap((node) => [node, ...settingsOf(snapshot, node)]);
  for (const node of looked) {
    for (const [name, value] of properties(snapshot, node)) {
      if (!BOUND_NAMES.has(name.replace(/^[#_]+/, '').toLowerCase())) continue;
      const limit = numberOf(snapshot, value);
      if (limit !== null && limit >= count) return { name, limit, unit: 'entries' };
    }
  }
  return null;
}

function settingsOf(snapshot: HeapSnapshot, node: number): readonly number[] {
  return [...properties(snapshot, node)]
    .filter(([name]) => SETTINGS.has(name.replace(/^[#_]+/, '')))
    .map(([, value]) => value);
}

function* properties(snapshot: HeapSnapshot, node: number): Generator<readonly [string, number]> {
  const { firstEdge, edgeTo, strings } = snapshot;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    if (labelType(label) === PROPERTY) yield [strings.text(labelName(label)), edgeTo[edge]!];
  }
}

/** V8 writes a number as a node whose edge `value` leads to its decimal digits. */
function numberOf(snapshot: HeapSnapshot, node: number): number | null {
  if (snapshot.nodeType[node] !== NUMBER) return null;
  for (let edge = snapshot.firstEdge[node]!; edge < snapshot.firstEdge[node + 1]!; edge++) {
    const { edgeTo, nodeName, strings } = snapshot;
    if (strings.text(labelName(labelAt(snapshot, node, edge))) !== 'value') continue;
    const value = Number(strings.text(nodeName[edgeTo[edge]!]!) || Number.NaN);
    return Number.isFinite(value) ? value : null;
  }
  return null;
}
