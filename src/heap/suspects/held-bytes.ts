import { leakShares } from '../growth/leak-share.js';
import { ARTEFACT } from '../growth/path-tree.js';
import type { InspectedHeap } from '../members/sample-members.js';
import { isHandleList } from '../naming/open-handle.js';
import type { Candidate } from '../uniting/candidate.js';
import type { HeldBytes } from './suspect.js';

/**
 * In the order of the candidates, of which there are at most MAX_LEAK_ROOTS. Null for V8's own memory: it belongs to the
 * objects that use it, so memory that only members of the other candidates use is counted with them.
 */
export function heldBytes(
  { heap, rowOf, nodes }: InspectedHeap,
  candidates: readonly Candidate[],
): readonly (HeldBytes | null)[] {
  const isV8s = ({ accumulation: { holder } }: Candidate) => (nodes[holder]!.artefact & ARTEFACT.v8) !== 0;
  const rootOfRow = new Map<number, number>();
  for (const [root, candidate] of candidates.entries()) {
    if (isV8s(candidate)) continue;
    const { accumulation, parts, others } = candidate;
    // If its members are counted at another holder, the holder itself, with its table, is the root.
    for (const { members, holder } of [accumulation, ...parts, ...others]) {
      const own = members.length > 0 || isHandleList(nodes, holder) ? members : [holder];
      for (const row of own) rootOfRow.set(row, root);
    }
  }
  if (rootOfRow.size === 0) return candidates.map(() => null);
  const { artefact } = heap.tree;
  const rootOfTreeNode = Int8Array.from(rowOf, (row) => rootOfRow.get(row) ?? -1);
  const roots = candidates.map((_, root) => membersOf(heap.treeOf, rootOfTreeNode, root));
  const { shareBytes, exclusiveBytes, internalBytes } = leakShares(
    heap.snapshot,
    heap.paths.rule.rules,
    roots,
    heap.weights?.bytes,
    undefined,
    (node) => (artefact[heap.treeOf[node]!]! & ARTEFACT.v8) !== 0,
  );
  return candidates.map((candidate, root) => {
    if (isV8s(candidate)) return null;
    const [share, exclusive, internal] = [shareBytes[root]!, exclusiveBytes[root]!, internalBytes[root]!];
    return internal > 0 ? { share, exclusive, internal } : { share, exclusive };
  });
}

/** Iterated more than once, and not kept as a list: there may be millions. */
function membersOf(treeOf: Int32Array, rootOfTreeNode: Int8Array, root: number): Iterable<number> {
  return {
    *[Symbol.iterator]() {
      for (let node = 0; node < treeOf.length; node++) if (rootOfTreeNode[treeOf[node]!] === root) yield node;
    },
  };
}
