/**
 * How many objects of the whole heap each object of a sampled snapshot stands for. Members of a truncated collection
 * stand for TRUE/KEPT of those that the collection itself stands for (a collection may be a member of another).
 *
 * Two trees show which objects that applies to:
 * - objects that the roots reach without going through a truncated collection would be in the file whatever was dropped:
 *   they stand for themselves. These are the first nodes of the path tree, which defers the edges to members (`certain`);
 * - of the rest, a member has its weight from the edge by which the path tree reaches it, and any other object has the
 *   weight of its immediate dominator. So an object that one member alone holds counts as often as the member, and one that
 *   several members share, such as a hidden class or a common setting, as often as the collection. The path tree alone, in
 *   which shared objects hang on the first member, would multiply them.
 * An object that is a member of another truncated collection as well never stands for more than it does as its member.
 * This is an estimate: an object shared by a few of a million members looks as if it belonged to the one that was kept.
 */
import { dominators } from '../graph/dominators.js';
import { LABEL_RULE } from '../graph/label-rules.js';
import type { ShortestPaths } from '../graph/shortest-path.js';
import { type HeapSnapshot, sizeOf } from '../snapshot/heap-snapshot.js';
import type { SampledContent } from './sampled-content.js';

/** Nested truncation multiplies; beyond this the figures would mean nothing. */
const MAX_WEIGHT = 2 ** 32;

export interface SampleWeights {
  /** NodeOrdinal → objects of the whole heap that it stands for, itself included. */
  readonly weight: Float64Array;
  /** NodeOrdinal → shallow bytes of all these, with the tables of truncated collections as large as they were. */
  readonly bytes: Float64Array;
}

/** Takes 16 bytes a node, and as much as `dominators` and 4 bytes an edge while it works. */
export function sampleWeights(
  snapshot: HeapSnapshot,
  paths: ShortestPaths,
  content: SampledContent,
): SampleWeights {
  const { order, parent, parentEdge, certain } = paths;
  const { firstEdge, edgeTo } = snapshot;
  const idom = ownershipTree(snapshot, paths, content);
  const weight = new Float64Array(snapshot.nodeCount).fill(1);
  const bytes = new Float64Array(snapshot.nodeCount);
  // Before it is filled: NodeOrdinal → its weight as a member.
  const asMember = bytes.fill(Number.POSITIVE_INFINITY);
  for (let at = 0; at < order.length; at++) {
    const node = order[at]!;
    const from = parent[node]!;
    const edge = parentEdge[node]!;
    if (at >= certain) {
      if (edge >= 0 && content.isMember(from, edge)) weight[node] = membersWeight(weight, content, from);
      else weight[node] = Math.min(weight[idom[node]!]!, asMember[node]!);
    }
    if (content.from[node] !== 1) continue;
    const ofMembers = membersWeight(weight, content, node);
    for (let out = firstEdge[node]!; out < firstEdge[node + 1]!; out++) {
      const to = edgeTo[out]!;
      if (content.isMember(node, out)) asMember[to] = Math.min(asMember[to]!, ofMembers);
    }
  }
  for (let node = 0; node < bytes.length; node++) bytes[node] = sizeOf(snapshot, node) * weight[node]!;
  for (const [store, size] of content.storeBytes) bytes[store] = size * weight[store]!;
  return { weight, bytes };
}

function membersWeight(weight: Float64Array, content: SampledContent, from: number): number {
  return Math.min(MAX_WEIGHT, weight[from]! * content.factor(from));
}

/**
 * NodeOrdinal → immediate dominator, without the edges to members by which the path tree does not reach them, and without
 * registers.
 */
function ownershipTree(
  snapshot: HeapSnapshot,
  { rule, parentEdge }: ShortestPaths,
  content: SampledContent,
): Int32Array {
  const { nodeCount, firstEdge, firstLabel } = snapshot;
  const edgeTo = snapshot.edgeTo.slice();
  const rules = rule.rules.slice();
  for (let node = 0; node < nodeCount; node++) {
    if (content.from[node] !== 1) continue;
    const [begin, end] = [firstEdge[node]!, firstEdge[node + 1]!];
    if (content.isRegister(node)) {
      rules.fill(LABEL_RULE.never, firstLabel[node]!, firstLabel[node]! + end - begin);
      continue;
    }
    for (let edge = begin; edge < end; edge++) {
      // An edge back to its origin does not count.
      if (parentEdge[edgeTo[edge]!] !== edge && content.isMember(node, edge)) edgeTo[edge] = node;
    }
  }
  return dominators({ ...snapshot, edgeTo }, rules).idom;
}
