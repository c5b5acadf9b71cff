import { EDGE, type HeapSnapshot, labelAt, labelName, labelType, NODE } from '../snapshot/heap-snapshot.js';

/** Objects and scopes with more edges are tables: none of their fields are read. */
const MAX_EDGES = 2_000;

/** Names and targets of an object's properties, or of a scope's variables; none where there are too many. */
export function* fieldsOf(snapshot: HeapSnapshot, node: number): Generator<readonly [string, number]> {
  const { firstEdge, edgeTo, strings } = snapshot;
  if (firstEdge[node + 1]! - firstEdge[node]! > MAX_EDGES) return;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    const label = labelAt(snapshot, node, edge);
    const type = labelType(label);
    if (type !== EDGE.property && type !== EDGE.context) continue;
    const name = strings.text(labelName(label));
    if (name !== '__proto__') yield [name, edgeTo[edge]!];
  }
}

/** The same, of those that are numbers. */
export function* numbersOf(snapshot: HeapSnapshot, node: number): Generator<readonly [string, number]> {
  for (const [name, to] of fieldsOf(snapshot, node)) {
    const value = numberOf(snapshot, to);
    if (value !== null) yield [name, value];
  }
}

/** V8 writes a number as a node whose edge `value` leads to its decimal digits; null if it is not a number. */
export function numberOf(snapshot: HeapSnapshot, node: number): number | null {
  const { firstEdge, edgeTo, nodeType, nodeName, strings } = snapshot;
  if (nodeType[node] !== NODE.number) return null;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    if (strings.text(labelName(labelAt(snapshot, node, edge))) !== 'value') continue;
    const value = Number(strings.text(nodeName[edgeTo[edge]!]!) || Number.NaN);
    return Number.isFinite(value) ? value : null;
  }
  return null;
}

/**
 * The time of a Date, milliseconds since the Unix epoch. Null on Node 24 and later, which keep it inside the Date, where a
 * snapshot does not show it.
 */
export function dateOf(snapshot: HeapSnapshot, node: number): number | null {
  const { firstEdge, edgeTo, nodeName, strings } = snapshot;
  if (strings.text(nodeName[node]!) !== 'Date') return null;
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    if (labelType(labelAt(snapshot, node, edge)) !== EDGE.hidden) continue;
    const value = numberOf(snapshot, edgeTo[edge]!);
    if (value !== null) return value;
  }
  return null;
}
