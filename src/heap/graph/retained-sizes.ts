import { type HeapSnapshot, HUGE_SIZE } from '../snapshot/heap-snapshot.js';
import type { Dominators } from './dominators.js';

/** NodeOrdinal → shallow size, bytes, as V8 reports it. `into` must be large enough; its contents do not matter. */
export function ownSizes(
  { nodeCount, selfSize, hugeSizes }: HeapSnapshot,
  into: ArrayBufferLike = new ArrayBuffer(8 * nodeCount),
): Float64Array {
  const sizes = new Float64Array(into, 0, nodeCount);
  sizes.set(selfSize);
  for (const [node, size] of hugeSizes) if (selfSize[node] === HUGE_SIZE) sizes[node] = size;
  return sizes;
}

/** Turns shallow into retained sizes, in place: the memory freed with a node, its own and that of all nodes it dominates. */
export function addDominated({ idom, order }: Dominators, sizes: Float64Array): void {
  for (let at = order.length - 1; at > 0; at--) {
    const node = order[at]!;
    sizes[idom[node]!]! += sizes[node]!;
  }
}
