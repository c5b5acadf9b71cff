/**
 * Immediate dominators by semi-NCA: L. Georgiadis, "Linear-time algorithms for dominators and related problems",
 * Princeton 2005, section 2.3 (SNCA). Names as there: parent, ancestor, label, semi, idom; eval is `leastLabel`.
 * Deviations:
 * - all columns are in preorder numbers, and `label` holds the least semi value itself rather than the vertex that has
 * it;
 * - compression reverses the ancestor links on the way up and sets them on the way down: no stack, any depth;
 * - a node retained by one edge only, below which the search found nothing new, is left out: its parent is its
 * dominator,
 *   and its edges count as its parent's. That changes no dominator of other nodes, because its targets were reached before
 *   it. On real heaps that is half of all nodes (measured: 1.52 of 2.82 million);
 * - `semi` and `idom` share a column, which first holds where each node's predecessors begin;
 * - the second phase jumps up the dominator tree rather than walking it, so no heap takes more than O(m log n) steps.
 *
 * Nodes that the root does not reach are treated as in DevTools: nodes that nothing retains are placed below the root
 * and retain what they hold; nodes in cycles that retain only each other are placed below the root one by one and
 * retain nothing.
 */
import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { type DepthFirst, depthFirst, LEAF, ROOT_NUMBER } from './depth-first.js';
import { LABEL_RULE, retains } from './label-rules.js';

export interface Dominators {
  /** NodeOrdinal → NodeOrdinal of its immediate dominator; the root's is itself. */
  readonly idom: Int32Array;
  /** All nodes, each after its immediate dominator. A view of a larger buffer: do not keep it. */
  readonly order: Int32Array;
  /** At least 8 bytes a node that are no longer used. */
  readonly spare: ArrayBufferLike;
}

export function dominators(snapshot: HeapSnapshot, rules: Uint8Array): Dominators {
  const search = depthFirst(snapshot, rules);
  const graph = reduce(search);
  fillPredecessors(snapshot, rules, search, graph);
  semidominators(graph);
  nearestCommonAncestors(graph);
  return inOrdinals(search, graph);
}

/** The nodes that take part; they have new numbers, still in preorder. */
interface Reduced {
  /** The largest number. */
  readonly kept: number;
  /** The largest number among the nodes that the global objects reach. */
  readonly pageEnd: number;
  /**
   * 2 × number → number of its parent in the depth-first tree; 2 × number + 1 → where its predecessors begin, then its
   * semi, then its idom. Adjacent because they are read together, and memory access dominates the running time.
   */
  readonly tree: Int32Array;
  /** The nodes' predecessors, one node after another; 0 marks an unused entry. */
  readonly predecessors: Int32Array;
  /** 2 × number → ancestor, 2 × number + 1 → label. */
  readonly forest: Int32Array;
}

/** Leaves out the nodes that take no part; their `search.number` becomes the parent's new number, negated. */
function reduce(search: DepthFirst): Reduced {
  const { number, tree, count, scratch } = search;
  const renamed = scratch;
  let kept = 0;
  let edges = 0;
  let pageEnd = 0;
  for (let old = ROOT_NUMBER; old <= count; old++) {
    const above = old === ROOT_NUMBER ? ROOT_NUMBER : renamed[tree[2 * old]!]!;
    const joined = tree[2 * old + 1]!;
    // Children of the root stay: their parent does not show whether they are page-owned.
    if (joined === LEAF && above !== ROOT_NUMBER) renamed[old] = -above;
    else {
      renamed[old] = ++kept;
      edges += joined & ~LEAF;
      tree[2 * kept] = above;
      tree[2 * kept + 1] = edges;
    }
    if (old === search.pageEnd) pageEnd = kept;
  }
  for (let node = 0; node < number.length; node++) {
    const old = number[node]!;
    number[node] = old > 0 ? renamed[old]! : 0;
  }
  const length = 2 * (kept + 1);
  const free = tree.subarray(length);
  return {
    kept,
    pageEnd,
    tree: tree.subarray(0, length),
    // More edges than the scratch buffer holds: only if the root does not reach most nodes.
    predecessors: edges > scratch.length ? new Int32Array(edges) : scratch.subarray(0, edges).fill(0),
    forest: free.length >= length ? free : new Int32Array(length),
  };
}

/** Afterwards the predecessors of each node begin where `tree` says and end where those of the next node begin. */
function fillPredecessors(
  snapshot: HeapSnapshot,
  rules: Uint8Array,
  { number, marks }: DepthFirst,
  { tree, predecessors, pageEnd }: Reduced,
): void {
  const { nodeCount, firstEdge, firstLabel, edgeTo } = snapshot;
  let begin = firstEdge[0]!;
  for (let node = 0; node < nodeCount; node++) {
    const end = firstEdge[node + 1]!;
    const from = Math.abs(number[node]!);
    const shift = firstLabel[node]! - begin;
    const open = node === 0 || marks === null || marks[node] === 1;
    const limit = from <= pageEnd || (marks !== null && open) ? ROOT_NUMBER : pageEnd;
    for (let edge = from === 0 ? end : begin; edge < end; edge++) {
      const to = number[edgeTo[edge]!]!;
      if (to <= limit || to === from || tree[2 * to] === from) continue;
      const rule = rules[edge + shift]!;
      if (rule !== LABEL_RULE.always && !retains(rule, node, snapshot)) continue;
      if (!open && marks[edgeTo[edge]!] === 1) continue;
      const at = tree[2 * to + 1]! - 1;
      tree[2 * to + 1] = at;
      predecessors[at] = from;
    }
    begin = end;
  }
}

function semidominators({ kept, tree, predecessors, forest }: Reduced): void {
  let end = predecessors.length;
  for (let w = kept; w > ROOT_NUMBER; w--) {
    const begin = tree[2 * w + 1]!;
    const parent = tree[2 * w]!;
    let semi = parent;
    let last = 0;
    for (let at = begin; at < end; at++) {
      const v = predecessors[at]!;
      // Edges left out as redundant leave room before the next node's predecessors.
      if (v === 0) break;
      // Edges of dropped nodes appear as consecutive edges of their parent.
      if (v === last) continue;
      last = v;
      const candidate = v < w ? v : leastLabel(forest, v, w);
      if (candidate >= semi) continue;
      semi = candidate;
      if (semi === ROOT_NUMBER) break;
    }
    end = begin;
    tree[2 * w + 1] = semi;
    forest[2 * w] = parent;
    forest[2 * w + 1] = semi;
  }
}

/** Least semi on the path from `v` up to the root of its tree in the forest; only nodes after `w` are linked. */
function leastLabel(forest: Int32Array, v: number, w: number): number {
  let top = v;
  let below = 0;
  let above = forest[2 * top]!;
  while (above > w) {
    forest[2 * top] = below;
    below = top;
    top = above;
    above = forest[2 * top]!;
  }
  let least = forest[2 * top + 1]!;
  while (below !== 0) {
    const node = below;
    below = forest[2 * node]!;
    forest[2 * node] = above;
    if (forest[2 * node + 1]! < least) least = forest[2 * node + 1]!;
    else forest[2 * node + 1] = least;
  }
  return least;
}

/**
 * The dominator of a node is the first node above its parent, in the dominator tree so far, that is not after its semi.
 * Step by step the search is quadratic (for a long list whose end holds much that is also held elsewhere), so each node
 * has a second link that skips: E. Myers, "An applicative random-access stack", 1983. Names as there.
 */
function nearestCommonAncestors({ kept, tree, forest }: Reduced): void {
  /** 2 × number → depth in the dominator tree; 2 × number + 1 → target of the node's jump. */
  const jumps = forest;
  tree[2 * ROOT_NUMBER + 1] = ROOT_NUMBER;
  jumps[2 * ROOT_NUMBER] = 0;
  jumps[2 * ROOT_NUMBER + 1] = ROOT_NUMBER;
  for (let w = ROOT_NUMBER + 1; w <= kept; w++) {
    const semi = tree[2 * w + 1]!;
    let idom = tree[2 * w]!;
    while (idom > semi) {
      const jump = jumps[2 * idom + 1]!;
      idom = jump > semi ? jump : tree[2 * idom + 1]!;
    }
    tree[2 * w + 1] = idom;
    const jump = jumps[2 * idom + 1]!;
    const far = jumps[2 * jump + 1]!;
    const depth = jumps[2 * idom]!;
    const jumpDepth = jumps[2 * jump]!;
    jumps[2 * w] = depth + 1;
    jumps[2 * w + 1] = depth - jumpDepth === jumpDepth - jumps[2 * far]! ? far : idom;
  }
}

function inOrdinals({ number, scratch }: DepthFirst, { kept, tree }: Reduced): Dominators {
  const order = scratch.subarray(0, number.length);
  let dropped = kept;
  for (let node = 0; node < number.length; node++) {
    const own = number[node]!;
    order[own > 0 ? own - 1 : dropped++] = node;
  }
  for (let node = 0; node < number.length; node++) {
    const own = number[node]!;
    const above = own > 0 ? tree[2 * own + 1]! : own < 0 ? -own : ROOT_NUMBER;
    number[node] = order[above - 1]!;
  }
  return { idom: number, order, spare: tree.buffer };
}
