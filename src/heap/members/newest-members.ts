import { ROLE } from '../graph/node-role.js';
import { tableOf } from '../growth/collection-table.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import { EDGE, labelAt, labelName, labelType } from '../snapshot/heap-snapshot.js';

/** Edges read of one collection, from one of its ends. */
const MAX_EDGES = 100_000;

/**
 * Members of some collections, latest entries first, at most `limit`: the highest indices of an array, the last slots of
 * a table (V8 appends to it), the last properties of an object used as one.
 */
export function newestMembers(
  heap: TracedHeap,
  holders: readonly number[],
  limit: number,
): readonly number[] {
  return membersFrom(heap, holders, limit, true);
}

/** The same from the other end. */
export function oldestMembers(
  heap: TracedHeap,
  holders: readonly number[],
  limit: number,
): readonly number[] {
  return membersFrom(heap, holders, limit, false);
}

function membersFrom(
  heap: TracedHeap,
  holders: readonly number[],
  limit: number,
  newest: boolean,
): readonly number[] {
  const found: number[] = [];
  const each = Math.ceil(limit / Math.max(1, holders.length));
  for (const holder of holders) {
    const end = Math.min(limit, found.length + each);
    const table = tableOf(heap.snapshot, holder);
    if (table >= 0) collect(heap, table, EDGE.internal, found, end, newest);
    else {
      const before = found.length;
      collect(heap, holder, EDGE.element, found, end, newest);
      if (found.length === before) collect(heap, holder, EDGE.property, found, end, newest);
    }
  }
  return found;
}

function collect(
  heap: TracedHeap,
  from: number,
  wanted: number,
  found: number[],
  end: number,
  newest: boolean,
): void {
  const { snapshot, paths } = heap;
  const { firstEdge, edgeTo, strings } = snapshot;
  const edges = firstEdge[from + 1]! - firstEdge[from]!;
  const prototype = strings.find('__proto__');
  for (let at = 0; at < Math.min(edges, MAX_EDGES) && found.length < end; at++) {
    const edge = newest ? firstEdge[from + 1]! - 1 - at : firstEdge[from]! + at;
    const label = labelAt(snapshot, from, edge);
    if (labelType(label) !== wanted || !paths.rule.retains(from, edge)) continue;
    if (wanted === EDGE.property && labelName(label) === prototype) continue;
    if (wanted === EDGE.internal && strings.numeral(labelName(label)) < 0) continue;
    if (paths.roles[edgeTo[edge]!] === ROLE.value) found.push(edgeTo[edge]!);
  }
}
