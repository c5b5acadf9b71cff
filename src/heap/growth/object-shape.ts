import { EDGE, type HeapSnapshot, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';
import { isDataKey, MAX_RECORD_FIELDS } from './dictionary.js';

/** Fields that a shape names; further ones are only counted. */
const MAX_NAMED_FIELDS = 12;
/** Names as programmers write them; keys that come from data mostly look different. */
const FIELD = /^[#$_\p{ID_Start}][$\p{ID_Continue}]{0,39}$/u;
const MANY_DIGITS = /\d{4}/;
const ACCESSOR = /^[gs]et (?=.)/;
/** Stands for all keys that are data, and for the keys of an object used as a table. */
const KEY = '[key]';

/** String index of the name of plain objects; −1 means that there are none. */
export const plainName = ({ strings }: HeapSnapshot): number => strings.find('Object');

/** Whether a node is a plain object; `plain` is `plainName`. */
export function isPlain(snapshot: HeapSnapshot, node: number, plain: number): boolean {
  return (
    snapshot.nodeType[node] === NODE.object &&
    snapshot.nodeName[node] === plain &&
    snapshot.nodeLocation[node] === 0
  );
}

/**
 * The fields of a plain object as people would write it, in alphabetical order: `{customer, items}`, `{[key]}`
 * for a table. Fields that hold small integers are seen only in snapshots with numeric values, so an object without
 * fields may have some: null. Objects that share their list of labels have the same shape.
 * After DevTools' inferInterfaceDefinitions; deviations: fields have no order, keys that look like data are folded, and a
 * shape is all fields of its objects rather than the ones that a more frequent shape has as well.
 */
export function shapeOf(snapshot: HeapSnapshot, node: number): string | null {
  const { firstEdge, strings } = snapshot;
  const fields = new Set<string>();
  let keys = false;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    if (labelType(label) === EDGE.element) keys = true;
    if (labelType(label) !== EDGE.property) continue;
    const name = strings.text(labelName(label)).replace(ACCESSOR, '');
    if (name === '__proto__' || name.startsWith('<symbol')) continue;
    if (isField(name)) fields.add(name);
    else keys = true;
    if (fields.size > MAX_RECORD_FIELDS) return `{${KEY}}`;
  }
  const named = [...fields].sort();
  const parts = named.slice(0, MAX_NAMED_FIELDS);
  if (named.length > MAX_NAMED_FIELDS) parts.push(`… ${named.length - MAX_NAMED_FIELDS} more`);
  if (keys) parts.push(KEY);
  return parts.length === 0 ? null : `{${parts.join(', ')}}`;
}

const isField = (name: string): boolean => FIELD.test(name) && !MANY_DIGITS.test(name) && !isDataKey(name);
