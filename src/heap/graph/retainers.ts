import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { LABEL_RULE, retains } from './label-rules.js';

/** The retaining edges, reversed. 4 bytes a node and 4 an edge. */
export interface Retainers {
  /** NodeOrdinal → index into `from` of its first retainer; entry `nodeCount` is the end. */
  readonly first: Uint32Array;
  /** NodeOrdinals of the retainers, in ascending order for each node; one that retains by two edges appears twice. */
  readonly from: Uint32Array;
}

/** By the labels alone: unlike for dominators, the page-owned rule does not apply. Edges to the node itself are left out. */
export function findRetainers(snapshot: HeapSnapshot, rules: Uint8Array): Retainers {
  const { nodeCount } = snapshot;
  // Counts are stored one entry later, so that they become ends while the edges are filled in.
  const first = new Uint32Array(nodeCount + 2);
  eachRetaining(snapshot, rules, (_, to) => {
    first[to + 2]!++;
  });
  for (let node = 2; node <= nodeCount + 1; node++) first[node]! += first[node - 1]!;
  const from = new Uint32Array(first[nodeCount + 1]!);
  eachRetaining(snapshot, rules, (node, to) => {
    from[first[to + 1]!++] = node;
  });
  return { first: first.subarray(0, nodeCount + 1), from };
}

function eachRetaining(
  snapshot: HeapSnapshot,
  rules: Uint8Array,
  visit: (node: number, to: number) => void,
): void {
  const { nodeCount, firstEdge, firstLabel, edgeTo } = snapshot;
  for (let node = 0; node < nodeCount; node++) {
    const shift = firstLabel[node]! - firstEdge[node]!;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      const rule = rules[edge + shift]!;
      if (to !== node && (rule === LABEL_RULE.always || retains(rule, node, snapshot))) visit(node, to);
    }
  }
}
