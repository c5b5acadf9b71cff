/**
 * Where the memory of one heap accumulates, by size alone: one snapshot is enough. After Eclipse MAT's leak suspects
 * (org.eclipse.mat.inspections.FindLeaksQuery): from a large object down the dominator tree while one child has most of
 * it; where no child has, the drop is big, and that is the accumulation point. Names as there.
 * Deviations:
 * - MAT follows the largest child only, so two leaks below one object (the global object, mostly) hide each other. Here
 *   every large child is followed, and the object itself is a point if the rest is large as well;
 * - the root counts as an object: it dominates memory that several objects share. MAT groups the root's children by
 *   class; here the classes of a point's children show the same;
 * - a linked list has no drop before its end: a run of one class down to the point counts as one, and its head is the
 *   point. MAT gives up at a depth of 1000.
 */
import type { Dominance } from '../graph/heap-graph.js';
import { firstFrom, wordsColumn } from '../snapshot/column.js';
import type { ClassKey, ClassTable } from './class-key.js';

/** Part of the heap from which on an object is large; so there are at most twenty points. */
const LARGE_SHARE = 0.05;
/** A child that has less of its parent than this is a big drop: MAT's big_drop_ratio. */
const BIG_DROP_RATIO = 0.7;
/** In a run, objects of one class stand at most this far apart, and there are at least so many of them. */
const RUN_PERIOD = 4;
const MIN_RUN = 16;
/** Classes named of the children of a point, the largest; the others are in the totals only. */
const MAX_CLASSES = 8;

export interface DominatedClass extends ClassKey {
  readonly count: number;
  /** Sum of retained sizes; children of one dominator share nothing. */
  readonly retainedBytes: number;
}

export interface AccumulationPoint {
  /** NodeOrdinal; 0 means the root: several holders share the memory. */
  readonly node: number;
  /** Bytes that accumulate here: of the large object that leads here, all that none of its large children retains. */
  readonly accumulatedBytes: number;
  /** `accumulatedBytes` of all that the root retains, 0 to 1. */
  readonly share: number;
  /** Children in the dominator tree that are not large, a count. */
  readonly dominated: number;
  /** Their classes, largest first, at most 8. */
  readonly dominatedClasses: readonly DominatedClass[];
}

/** Accumulation points, largest first, at most 20. Takes 4 bytes a node, and 12 for each large one. */
export function findAccumulationPoints(heap: Dominance, table: ClassTable): readonly AccumulationPoint[] {
  const { idom, retainedSize } = heap;
  const total = retainedSize[0] ?? 0;
  if (total === 0) return [];
  const threshold = total * LARGE_SHARE;
  const large = largeNodes(retainedSize, threshold);
  const largestChild = largestChildren(heap);
  /** Bytes of each large node that none of its large children retains. */
  const rest = Float64Array.from(large, (node) => retainedSize[node]!);
  for (const node of large) if (node !== 0) rest[firstFrom(large, idom[node]!)]! -= retainedSize[node]!;
  const points = new Map<number, number>();
  for (const [at, node] of large.entries()) {
    if (rest[at]! < threshold) continue;
    const point = runHead(idom, table.classOf, bigDrop(retainedSize, largestChild, node, threshold));
    let bytes = rest[at]!;
    // Each large member of a list adds only itself: too little for a point, much together.
    for (let above = node; above !== point && above !== 0; ) {
      above = idom[above]!;
      const place = firstFrom(large, above);
      if (rest[place]! >= threshold) continue;
      bytes += rest[place]!;
      rest[place] = 0;
    }
    points.set(point, (points.get(point) ?? 0) + bytes);
  }
  return describe(heap, table, points, total, threshold);
}

/** In ascending order. All dominators of a large node are large. */
function largeNodes(retainedSize: Float64Array, threshold: number): Uint32Array {
  const large = wordsColumn(0);
  for (let node = 0; node < retainedSize.length; node++)
    if (retainedSize[node]! >= threshold) large.push(node);
  return large.finish();
}

/** NodeOrdinal → the child in the dominator tree that retains most, 0 means none. */
function largestChildren({ idom, retainedSize }: Dominance): Uint32Array {
  const largest = new Uint32Array(idom.length);
  for (let node = 1; node < idom.length; node++) {
    const above = idom[node]!;
    if (largest[above] === 0 || retainedSize[node]! > retainedSize[largest[above]!]!) largest[above] = node;
  }
  return largest;
}

/** Follows `node` down while one child has most of it. A large child is another start and is not entered. */
function bigDrop(
  retainedSize: Float64Array,
  largestChild: Uint32Array,
  node: number,
  threshold: number,
): number {
  let at = node;
  for (;;) {
    const child = largestChild[at]!;
    const bytes = retainedSize[child]!;
    if (child === 0 || bytes >= threshold || bytes < retainedSize[at]! * BIG_DROP_RATIO) return at;
    at = child;
  }
}

/** The first object of the run that leads to `end`, or `end` itself. */
function runHead(idom: Dominance['idom'], classOf: Uint32Array, end: number): number {
  // The end may be an object that the last member of the run holds.
  let last = end;
  for (let level = 0; level < RUN_PERIOD && last !== 0; level++) {
    let head = last;
    let members = 1;
    let gap = 0;
    for (let at = last; at !== 0 && gap < RUN_PERIOD; ) {
      at = idom[at]!;
      gap++;
      if (at === 0 || classOf[at] !== classOf[last]) continue;
      head = at;
      members++;
      gap = 0;
    }
    if (members >= MIN_RUN) return head;
    last = idom[last]!;
  }
  return end;
}

function describe(
  heap: Dominance,
  { keys, classOf }: ClassTable,
  points: ReadonlyMap<number, number>,
  total: number,
  threshold: number,
): readonly AccumulationPoint[] {
  const { idom, retainedSize } = heap;
  const children = new Map(
    [...points.keys()].map((node) => [node, new Map<number, { count: number; retainedBytes: number }>()]),
  );
  for (let node = 1; node < idom.length; node++) {
    const classes = children.get(idom[node]!);
    if (classes === undefined || retainedSize[node]! >= threshold) continue;
    const sums = classes.get(classOf[node]!) ?? { count: 0, retainedBytes: 0 };
    sums.count++;
    sums.retainedBytes += retainedSize[node]!;
    classes.set(classOf[node]!, sums);
  }
  return [...points]
    .map(([node, accumulatedBytes]) => {
      const classes = [...children.get(node)!];
      return {
        node,
        accumulatedBytes,
        share: accumulatedBytes / total,
        dominated: classes.reduce((sum, [, { count }]) => sum + count, 0),
        dominatedClasses: classes
          .sort(([, a], [, b]) => b.retainedBytes - a.retainedBytes)
          .slice(0, MAX_CLASSES)
          .map(([id, sums]) => ({ ...keys[id]!, ...sums })),
      };
    })
    .sort((a, b) => b.accumulatedBytes - a.accumulatedBytes || a.node - b.node);
}
