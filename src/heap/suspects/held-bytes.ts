import { leakShares } from '../growth/leak-share.js';
import type { TracedHeap } from '../growth/path-tree-builder.js';
import type { Candidate } from './candidate.js';
import type { HeldBytes } from './suspect.js';

const NONE = -1;

/** In the order of the candidates, of which there are at most MAX_LEAK_ROOTS. */
export function heldBytes(
  heap: TracedHeap,
  rowOf: Int32Array,
  candidates: readonly Candidate[],
): readonly HeldBytes[] {
  if (candidates.length === 0) return [];
  const rootOfRow = new Map<number, number>();
  for (const [root, { accumulation, parts }] of candidates.entries()) {
    for (const { members } of [accumulation, ...parts]) for (const row of members) rootOfRow.set(row, root);
  }
  const rootOfTreeNode = Int8Array.from(rowOf, (row) => rootOfRow.get(row) ?? NONE);
  const roots = candidates.map((_, root) => membersOf(heap.treeOf, rootOfTreeNode, root));
  const { shareBytes, exclusiveBytes } = leakShares(
    heap.snapshot,
    heap.paths.rule.rules,
    roots,
    heap.weights?.bytes,
  );
  return candidates.map((_, root) => ({ share: shareBytes[root]!, exclusive: exclusiveBytes[root]! }));
}

/** Gone over more than once, so it is not kept as a list: there may be millions. */
function membersOf(treeOf: Int32Array, rootOfTreeNode: Int8Array, root: number): Iterable<number> {
  return {
    *[Symbol.iterator]() {
      for (let node = 0; node < treeOf.length; node++) if (rootOfTreeNode[treeOf[node]!] === root) yield node;
    },
  };
}
