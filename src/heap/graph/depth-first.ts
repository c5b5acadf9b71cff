/**
 * Depth-first numbering of a heap along retaining edges, as the dominator tree needs it.
 *
 * Beyond what its label says, an edge retains only if
 * - it does not point to its own node;
 * - DevTools' page-owned rule allows it: what the global objects reach is page-owned, and only the root and page-owned
 *   nodes retain it. Handles and V8's own lists that point there do not.
 *
 * The global objects (shortcuts of the root) come first, so what they reach has the numbers up to `pageEnd`, and the
 * page-owned rule is one comparison. A few more nodes are page-owned, but are reached from there only by edges that do
 * not retain (from the tables of WeakMaps, and shortcuts): `marks`.
 */
import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { LABEL_RULE, TABLE_TYPE } from './label-rules.js';

/** Number of the root, the smallest one. */
export const ROOT_NUMBER = 1;
/** Added to a node's count of joins if the search found nothing new below it. */
export const LEAF = -0x8000_0000;

export interface DepthFirst {
  /** NodeOrdinal → its number in preorder; 0 or less means not reached. */
  readonly number: Int32Array;
  /**
   * 2 × number → number of the node it was reached from; 2 × number + 1 → its joins: the number of further edges that
   * retain it, plus LEAF. 8 bytes a node.
   */
  readonly tree: Int32Array;
  /** The largest number. */
  readonly count: number;
  /** The largest number among the nodes that the global objects reach by retaining edges. */
  readonly pageEnd: number;
  /** NodeOrdinal → 1 if it is page-owned although its number is larger than `pageEnd`; null if there is none. */
  readonly marks: Uint8Array | null;
  /** Unused after the search: its stack; holds every edge outside the search's tree, and at least 8 bytes a node. */
  readonly scratch: Int32Array;
}

export function depthFirst(snapshot: HeapSnapshot, rules: Uint8Array): DepthFirst {
  const search = new Search(snapshot, rules);
  search.fromRoot();
  if (search.count < snapshot.nodeCount) search.fromOrphans();
  return search;
}

class Search implements DepthFirst {
  readonly number: Int32Array;
  readonly tree: Int32Array;
  readonly scratch: Int32Array;
  count = ROOT_NUMBER;
  pageEnd = 0;
  marks: Uint8Array | null = null;
  readonly #snapshot: HeapSnapshot;
  readonly #rules: Uint8Array;
  /** Targets, not reached yet, of edges from page-owned nodes that do not retain but are not weak. */
  readonly #doubtful: number[] = [];

  constructor(snapshot: HeapSnapshot, rules: Uint8Array) {
    const { nodeCount, edgeCount } = snapshot;
    this.#snapshot = snapshot;
    this.#rules = rules;
    this.number = new Int32Array(nodeCount);
    this.tree = new Int32Array(2 * (nodeCount + 1));
    this.scratch = new Int32Array(Math.max(edgeCount - nodeCount, 2 * nodeCount) + 2);
    this.number[0] = ROOT_NUMBER;
    this.tree[2 * ROOT_NUMBER] = ROOT_NUMBER;
  }

  fromRoot(): void {
    this.#fromRootBy(true);
    this.pageEnd = this.count;
    this.#markDoubtful();
    this.#fromRootBy(false);
  }

  #fromRootBy(shortcuts: boolean): void {
    const { firstEdge, firstLabel, edgeTo } = this.#snapshot;
    const shift = firstLabel[0]! - firstEdge[0]!;
    for (let edge = firstEdge[0]!; edge < firstEdge[1]!; edge++) {
      const rule = this.#rules[edge + shift];
      if (rule === LABEL_RULE.never || (rule === LABEL_RULE.atRoot) !== shortcuts) continue;
      const to = edgeTo[edge]!;
      const known = this.number[to]!;
      if (known <= 0) this.#enter(to);
      else this.tree[2 * known + 1]!++;
    }
  }

  /** Nodes that page-owned nodes reach only by non-retaining edges are page-owned too. */
  #markDoubtful(): void {
    const { nodeCount, firstEdge, firstLabel, edgeTo } = this.#snapshot;
    const pending = this.#doubtful;
    while (pending.length > 0) {
      const node = pending.pop()!;
      if (this.number[node] !== 0) continue;
      this.marks ??= new Uint8Array(nodeCount);
      this.marks[node] = 1;
      this.number[node] = -1;
      const shift = firstLabel[node]! - firstEdge[node]!;
      for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
        if (this.#rules[edge + shift] === LABEL_RULE.never) continue;
        if (this.number[edgeTo[edge]!] === 0) pending.push(edgeTo[edge]!);
      }
    }
  }

  /**
   * Nodes that nothing retains are placed below the root, as in DevTools, with everything they retain. The remaining
   * nodes are cycles that retain only each other; they get no number.
   */
  fromOrphans(): void {
    const held = this.#heldByUnreached();
    for (let node = 0; node < this.#snapshot.nodeCount; node++) {
      if (this.number[node]! <= 0 && held[node] === 0) this.#enter(node);
    }
  }

  /** NodeOrdinal → 1 if a node that the root does not reach retains it. */
  #heldByUnreached(): Uint8Array {
    const { nodeCount, nodeType, firstEdge, firstLabel, edgeTo } = this.#snapshot;
    const held = new Uint8Array(nodeCount);
    const { number, marks } = this;
    for (let node = 0; node < nodeCount; node++) {
      if (number[node]! > 0) continue;
      const shift = firstLabel[node]! - firstEdge[node]!;
      const marked = marks === null || marks[node] === 1;
      for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
        const rule = this.#rules[edge + shift];
        if (rule === LABEL_RULE.ephemeron ? nodeType[node] === TABLE_TYPE : rule !== LABEL_RULE.always)
          continue;
        const to = edgeTo[edge]!;
        if (to !== node && (marked || marks[to] === 0)) held[to] = 1;
      }
    }
    return held;
  }

  /** Numbers `start`, a child of the root, and every node without a number that can be reached from there. */
  #enter(start: number): void {
    const { nodeType, firstEdge, firstLabel, edgeTo } = this.#snapshot;
    const { number, tree, scratch, marks } = this;
    const rules = this.#rules;
    const inPage = this.pageEnd === 0;
    // Joins are not counted for these numbers: the root, and what the global objects reach.
    const bound = inPage ? ROOT_NUMBER : this.pageEnd;
    let count = this.count;
    let depth = 0;
    let node = start;
    let own = ++count;
    number[node] = own;
    tree[2 * own] = ROOT_NUMBER;
    let edge = firstEdge[node]!;
    for (;;) {
      const end = firstEdge[node + 1]!;
      const shift = firstLabel[node]! - firstEdge[node]!;
      const marked = marks !== null && marks[node] === 1;
      const limit = marked ? ROOT_NUMBER : bound;
      let child = -1;
      for (; edge < end; edge++) {
        const rule = rules[edge + shift]!;
        const to = edgeTo[edge]!;
        if (rule !== LABEL_RULE.always && (rule !== LABEL_RULE.ephemeron || nodeType[node] === TABLE_TYPE)) {
          if (inPage && rule !== LABEL_RULE.never && number[to] === 0) this.#doubtful.push(to);
          continue;
        }
        const known = number[to]!;
        if (known > limit) {
          if (to !== node && (marks === null || marked || marks[to] === 0)) tree[2 * known + 1]!++;
          continue;
        }
        if (known > 0 || (known < 0 && !marked)) continue;
        // Half of all nodes are strings and numbers with one edge, to their map: handled without leaving the loop.
        const inner = firstEdge[to]!;
        if (
          inner + 1 === firstEdge[to + 1]! &&
          marks === null &&
          rules[firstLabel[to]!] === LABEL_RULE.always
        ) {
          const map = number[edgeTo[inner]!]!;
          if (map > 0) {
            if (map > bound) tree[2 * map + 1]!++;
            number[to] = ++count;
            tree[2 * count] = own;
            tree[2 * count + 1] = LEAF;
            continue;
          }
        }
        child = to;
        break;
      }
      if (child >= 0) {
        scratch[depth++] = node;
        scratch[depth++] = edge + 1;
        tree[2 * ++count] = own;
        own = count;
        node = child;
        number[node] = own;
        edge = firstEdge[node]!;
        continue;
      }
      if (own === count) tree[2 * own + 1]! |= LEAF;
      if (depth === 0) break;
      edge = scratch[--depth]!;
      node = scratch[--depth]!;
      own = number[node]!;
    }
    this.count = count;
  }
}
