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
export const newestMembers = (heap: TracedHeap, holders: readonly number[], limit: number) =>
  membersFrom(heap, holders, limit, true);

/** The same from the other end. */
export const oldestMembers = (heap: TracedHeap, holders: readonly number[], limit: number) =>
  membersFrom(heap, holders, limit, false);

function membersFrom(heap: TracedHeap, holders: readonly number[], limit: number, newest: boolean) {
  const found: number[] = [];
  const each = Math.ceil(limit / Math.max(1, holders.length));
  for (const holder of holders) {
    const most = Math.min(limit - found.length, each);
    const table = tableOf(heap.snapshot, holder);
    const types = table >= 0 ? [EDGE.internal] : [EDGE.element, EDGE.property];
    for (const type of types) {
      const members = membersBy(heap, table >= 0 ? table : holder, type, most, newest);
      found.push(...members);
      if (members.length > 0) break;
    }
  }
  return found;
}

function membersBy(heap: TracedHeap, from: number, wanted: number, most: number, newest: boolean) {
  const { snapshot, paths } = heap;
  const found: number[] = [];
  const { firstEdge, edgeTo, strings } = snapshot;
  const edges = firstEdge[from + 1]! - firstEdge[from]!;
  const prototype = strings.find('__proto__');
  for (let at = 0; at < Math.min(edges, MAX_EDGES) && found.length < most; at++) {
    const edge = newest ? firstEdge[from + 1]! - 1 - at : firstEdge[from]! + at;
    const label = labelAt(snapshot, from, edge);
    if (labelType(label) !== wanted || !paths.rule.retains(from, edge)) continue;
    if (wanted === EDGE.property && labelName(label) === prototype) continue;
    if (wanted === EDGE.internal && strings.numeral(labelName(label)) < 0) continue;
    if (paths.roles[edgeTo[edge]!] === ROLE.value) found.push(edgeTo[edge]!);
  }
  return found;
}
