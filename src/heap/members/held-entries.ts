import { countTableEntries, tableOf } from '../growth/collection-table.js';
import { EDGE, type HeapSnapshot, labelAt, labelType, NODE } from '../snapshot/heap-snapshot.js';

/** Entries of a table or an array; 0 for a store of numbers, whose entries a snapshot does not show. */
export function entriesOf(snapshot: HeapSnapshot, node: number): number {
  const table = tableOf(snapshot, node);
  if (table >= 0) return snapshot.sampled?.get(node)?.total ?? countTableEntries(snapshot, table);
  const { total, filled } = slotsOf(snapshot, node);
  return snapshot.sampled?.has(node) === true ? total : filled;
}

/** Counts of an array's slots, of those that hold something, and of those at its end that do not. */
export function slotsOf(
  snapshot: HeapSnapshot,
  node: number,
): { readonly total: number; readonly filled: number; readonly free: number } {
  const { firstEdge, edgeTo, nodeType, strings } = snapshot;
  let [total, filled, free] = [0, 0, 0];
  if (strings.text(snapshot.nodeName[node]!) !== 'Array') return { total, filled, free };
  for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
    if (labelType(labelAt(snapshot, node, edge)) !== EDGE.element) continue;
    total++;
    const isFree = nodeType[edgeTo[edge]!] === NODE.hidden;
    if (!isFree) filled++;
    free = isFree ? free + 1 : 0;
  }
  return { total: snapshot.sampled?.get(node)?.total ?? total, filled, free };
}
