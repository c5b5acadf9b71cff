import { wordsColumn } from '../snapshot/column.js';
import { EDGE, type HeapSnapshot, labelType } from '../snapshot/heap-snapshot.js';
import type { EdgeRule } from './edge-rule.js';

/** `own`: the variables of this package's modules, which know much of the program without keeping it alive. */
export const TIER = { program: 0, nodeModules: 1, own: 2, roots: 3, internals: 4 } as const;

/** Edges that are followed last. */
export interface DeferredEdges {
  /** NodeOrdinal → 1 if some of its edges are deferred. */
  readonly from: Uint8Array;
  has(from: number, edge: number): boolean;
}

/** One call of `run`, to be repeated with the deferred edges. */
interface Run {
  readonly tier: number;
  /** Nodes with deferred edges, each with its level (steps from the start of the run), in ascending order of levels. */
  readonly sources: { readonly node: number; readonly level: number }[];
}

/** The breadth-first search of `shortestPaths`, level by level, tier by tier. */
export class TieredSearch {
  readonly #snapshot: HeapSnapshot;
  readonly #rule: EdgeRule;
  readonly #tiers: Uint8Array;
  readonly #seen: Uint8Array;
  readonly order: Uint32Array;
  readonly parent: Int32Array;
  readonly parentEdge: Int32Array;
  count = 0;
  #head = 0;
  #tier: number = TIER.program;
  /** Nodes of a later tier that were met, each with its first edge in `parent` and `parentEdge`. */
  #waiting = wordsColumn(1 << 10);
  /** Null once nothing is deferred any more. */
  #deferred: DeferredEdges | null;
  readonly #runs: Run[] = [];

  constructor(
    snapshot: HeapSnapshot,
    rule: EdgeRule,
    tiersOfNodes: Uint8Array,
    deferred: DeferredEdges | null,
  ) {
    this.#snapshot = snapshot;
    this.#rule = rule;
    this.#tiers = tiersOfNodes;
    this.#deferred = deferred;
    this.#seen = new Uint8Array(snapshot.nodeCount);
    this.order = new Uint32Array(snapshot.nodeCount);
    this.parent = new Int32Array(snapshot.nodeCount).fill(-1);
    this.parentEdge = new Int32Array(snapshot.nodeCount).fill(-1);
    this.#visit(0, -1, -1);
    this.#head = 1;
  }

  /** Enters a node below the root, unless it was reached. */
  seed(node: number, edge = -1): void {
    if (this.#seen[node] === 0) this.#visit(node, 0, edge);
  }

  run(tier: number): void {
    if (tier > this.#tier) this.#open(tier);
    const run: Run = { tier, sources: [] };
    this.#runs.push(run);
    const byLevel = this.#deferred !== null;
    for (let level = 0; this.#head < this.count; level++)
      this.#expand(byLevel ? this.count : Number.POSITIVE_INFINITY, tier, run, level);
  }

  /**
   * Repeats all runs for the nodes that only deferred edges lead to. Each node joins its run at the level where it
   * would have been, so it gets the path it would have had. Returns how many nodes were reached before.
   */
  resume(): number {
    const certain = this.count;
    const runs = this.#runs.splice(0);
    if (this.#deferred === null || runs.every(({ sources }) => sources.length === 0)) return certain;
    const deferred = this.#deferred;
    this.#deferred = null;
    this.#tier = TIER.program;
    for (const run of runs) {
      const { tier, sources } = run;
      if (tier > this.#tier) this.#open(tier);
      let next = 0;
      for (let level = 0; next < sources.length || this.#head < this.count; level++) {
        const end = this.count;
        for (; next < sources.length && sources[next]!.level <= level; next++)
          this.#follow(sources[next]!.node, tier, deferred, true);
        this.#expand(end, tier, run, level);
      }
    }
    return certain;
  }

  /** Follows the edges of the nodes up to `levelEnd`: those of one level. */
  #expand(levelEnd: number, tier: number, run: Run, level: number): void {
    const { firstEdge, firstLabel, labels, edgeTo } = this.#snapshot;
    const { weak, internal, shortcut } = EDGE;
    const seen = this.#seen;
    const partial = this.#deferred?.from ?? null;
    while (this.#head < this.count && this.#head < levelEnd) {
      const node = this.order[this.#head++]!;
      if (partial !== null && partial[node] === 1) {
        run.sources.push({ node, level });
        this.#follow(node, tier, this.#deferred!, false);
        continue;
      }
      const end = firstEdge[node + 1]!;
      const shift = firstLabel[node]! - firstEdge[node]!;
      for (let edge = firstEdge[node]!; edge < end; edge++) {
        const to = edgeTo[edge]!;
        if (seen[to] !== 0) continue;
        const type = labelType(labels[edge + shift]!);
        if (type === weak) continue;
        // All other edges retain, whatever their names.
        if ((type === internal || type === shortcut) && !this.#rule.retains(node, edge)) continue;
        if (this.#tiers[to]! <= tier) this.#visit(to, node, edge);
        else if (this.parent[to] === -1) this.#wait(to, node, edge);
      }
    }
  }

  /** Follows one node's deferred edges, or its other edges. */
  #follow(node: number, tier: number, deferred: DeferredEdges, isDeferred: boolean): void {
    const { firstEdge, edgeTo } = this.#snapshot;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const to = edgeTo[edge]!;
      if (this.#seen[to] !== 0 || deferred.has(node, edge) !== isDeferred) continue;
      if (!this.#rule.retains(node, edge)) continue;
      if (this.#tiers[to]! <= tier) this.#visit(to, node, edge);
      else if (this.parent[to] === -1) this.#wait(to, node, edge);
    }
  }

  /** Enters the nodes that earlier tiers had to leave out, in the order in which they were met. */
  #open(tier: number): void {
    this.#tier = tier;
    const waiting = this.#waiting;
    const closed = wordsColumn(1 << 10);
    for (let at = 0; at < waiting.length; at++) {
      const node = waiting.values[at]!;
      if (this.#seen[node] === 1) continue;
      if (this.#tiers[node]! <= tier) this.#visit(node, this.parent[node]!, this.parentEdge[node]!);
      else closed.push(node);
    }
    this.#waiting = closed;
  }

  #wait(node: number, parent: number, edge: number): void {
    this.parent[node] = parent;
    this.parentEdge[node] = edge;
    this.#waiting.push(node);
  }

  #visit(node: number, parent: number, edge: number): void {
    this.#seen[node] = 1;
    this.order[this.count++] = node;
    this.parent[node] = parent;
    this.parentEdge[node] = edge;
  }
}
