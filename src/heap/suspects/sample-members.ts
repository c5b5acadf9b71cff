import { ROLE } from '../graph/node-role.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';

/** Objects looked at of each node of the tree. */
const MAX_SAMPLES = 64;

/** Series row → some of its objects in the latest snapshot. */
export function sampleMembers(
  heap: TracedHeap,
  rowOf: Int32Array,
  rows: ReadonlySet<number>,
): ReadonlyMap<number, readonly number[]> {
  const samples = new Map<number, number[]>([...rows].map((row) => [row, []]));
  for (let node = 0; node < heap.treeOf.length; node++) {
    if (heap.paths.roles[node] !== ROLE.value) continue;
    const list = samples.get(rowOf[heap.treeOf[node]!]!);
    if (list !== undefined && list.length < MAX_SAMPLES) list.push(node);
  }
  return samples;
}
