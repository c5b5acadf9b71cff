import type { RandomEdge, RandomHeap } from '../../support/random-heap.js';

const EPHEMERON = /part of key/;

/** The edges that retain, by the rules as one would say them. */
export function retainingEdges({ nodes, edges }: RandomHeap): readonly RandomEdge[] {
  const pageOwned = reachable(
    edges.filter(({ type, from }) => type !== 'weak' && from !== 0),
    edges.filter(({ type, from }) => type === 'shortcut' && from === 0).map(({ to }) => to),
  );
  return edges.filter(({ from, to, type, name }) => {
    if (type === 'weak' || from === to) return false;
    if (from === 0) return true;
    if (type === 'shortcut' || (pageOwned.has(to) && !pageOwned.has(from))) return false;
    return !(type === 'internal' && nodes[from]!.type === 'array' && EPHEMERON.test(name));
  });
}

function reachable(
  edges: readonly RandomEdge[],
  starts: readonly number[],
  without = -1,
): ReadonlySet<number> {
  const next = bySource(edges);
  const found = new Set(starts.filter((node) => node !== without));
  for (const node of found) {
    for (const { to } of next.get(node) ?? []) if (to !== without) found.add(to);
  }
  return found;
}

/** Immediate dominators by their definition: what can no longer be reached without a node, it dominates. */
export function bruteForceDominators(heap: RandomHeap): readonly number[] {
  const retaining = retainingEdges(heap);
  const held = new Set(retaining.map(({ to }) => to));
  // What nothing retains hangs below the root, like what the root retains.
  const orphans = heap.nodes.flatMap((_, node) => (node === 0 || held.has(node) ? [] : [node]));
  const all = reachable(retaining, [0, ...orphans]);
  const dominatorsOf = heap.nodes.map(() => new Set<number>());
  for (const without of all) {
    const left = reachable(retaining, without === 0 ? [] : [0, ...orphans], without);
    for (const node of all) if (node !== without && !left.has(node)) dominatorsOf[node]!.add(without);
  }
  return heap.nodes.map((_, node) => {
    if (node === 0 || !all.has(node)) return 0;
    // The nearest of them is the one that all the others dominate.
    return [...dominatorsOf[node]!].reduce((nearest, other) =>
      dominatorsOf[other]!.size > dominatorsOf[nearest]!.size ? other : nearest,
    );
  });
}

function bySource(edges: readonly RandomEdge[]): ReadonlyMap<number, RandomEdge[]> {
  const groups = new Map<number, RandomEdge[]>();
  for (const edge of edges) {
    const group = groups.get(edge.from);
    if (group === undefined) groups.set(edge.from, [edge]);
    else group.push(edge);
  }
  return groups;
}
