import type { HeapSnapshot } from '../snapshot/heap-snapshot.js';
import { findDistances } from './distances.js';
import { type DominatorTree, dominatorTree } from './dominator-tree.js';
import { dominators } from './dominators.js';
import { labelRules } from './label-rules.js';
import { movedSizes } from './moved-sizes.js';
import { addDominated, ownSizes } from './retained-sizes.js';
import { findRetainers, type Retainers } from './retainers.js';

/**
 * What follows from a heap's edges. Dominators and retained sizes are computed at the start, 12 bytes a node;
 * everything else on first use, and then kept.
 */
export interface HeapGraph {
  readonly snapshot: HeapSnapshot;
  /** Index into `snapshot.labels` → LABEL_RULE. */
  readonly rules: Uint8Array;
  /**
   * NodeOrdinal → NodeOrdinal of its immediate dominator; the root's is itself. A node that the root does not reach is
   * dominated by the root, or by the unreached node that alone holds it.
   */
  readonly idom: Int32Array;
  /** NodeOrdinal → retained size, bytes; the root's is the size of the heap. */
  readonly retainedSize: Float64Array;
  /** NodeOrdinal → shallow size, bytes, according to the option `sizes`; 8 bytes a node. */
  shallowSize(): Float64Array;
  /** NodeOrdinal → distance; −1 means unreachable. 4 bytes a node, and 4 more while it runs. */
  distance(): Int32Array;
  /** NodeOrdinal → NodeOrdinals that retain it; 4 bytes a node and 4 an edge. */
  retainers(): Retainers;
  /** The dominator tree in depth-first order; 12 bytes a node, and 8 more while it runs. */
  tree(): DominatorTree;
}

export type Dominance = Pick<HeapGraph, 'idom' | 'retainedSize'>;

export interface HeapGraphOptions {
  /** `own`: V8's shallow sizes. `moved`: as in DevTools, an object's stores and tables count in its own size. */
  readonly sizes?: 'own' | 'moved';
}

/** Takes about 20 bytes a node and 4 an edge while it runs, in addition to its result. */
export function buildHeapGraph(snapshot: HeapSnapshot, { sizes = 'own' }: HeapGraphOptions = {}): HeapGraph {
  const moved = sizes === 'moved' ? movedSizes(snapshot) : null;
  const rules = labelRules(snapshot);
  const { idom, retainedSize } = retain(snapshot, rules, moved);
  return {
    snapshot,
    rules,
    idom,
    retainedSize,
    shallowSize: once(() => moved ?? ownSizes(snapshot)),
    distance: once(() => findDistances(snapshot, rules)),
    retainers: once(() => findRetainers(snapshot, rules)),
    tree: once(() => dominatorTree(idom)),
  };
}

/** Separate from the closures above, which would keep the order of the nodes alive with the graph. */
function retain(snapshot: HeapSnapshot, rules: Uint8Array, moved: Float64Array | null): Dominance {
  const found = dominators(snapshot, rules);
  const retainedSize = moved?.slice() ?? ownSizes(snapshot, found.spare);
  addDominated(found, retainedSize);
  return { idom: found.idom, retainedSize };
}

function once<T>(compute: () => T): () => T {
  let known: { readonly value: T } | null = null;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}
