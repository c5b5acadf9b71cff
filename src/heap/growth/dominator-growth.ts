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
import type { RetainedHeap } from './class-histogram.js';
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
/** Dominators named of a point, the nearest. */
const MAX_DOMINATORS = 16;

export interface DominatedClass extends ClassKey {
  readonly count: number;
  /** Sum of retained sizes; children of one dominator share nothing. */
  readonly retainedBytes: number;
}

export interface AccumulationPoint {
  /** NodeOrdinal; 0 means the root: several holders share the memory. */
  readonly node: number;
  readonly className: string;
  readonly retainedBytes: number;
  /** Bytes that accumulate here: of the large object that leads here, all that none of its large children retains. */
  readonly accumulatedBytes: number;
  /** `accumulatedBytes` of all that the root retains, 0 to 1. */
  readonly share: number;
  /** Children in the dominator tree that are not large, a count. */
  readonly dominated: number;
  /** Their classes, largest first, at most 8. */
  readonly dominatedClasses: readonly DominatedClass[];
  /** The dominators above the point, nearest first, at most 16, without the root. `node` is a NodeOrdinal. */
  readonly dominators: readonly { readonly node: number; readonly className: string }[];
}

/** Accumulation points, largest first, at most 20. Takes 4 bytes a node, and 12 for each large one. */
export function findAccumulationPoints(heap: RetainedHeap, table: ClassTable): readonly AccumulationPoint[] {
  const { idom, retained } = heap;
  const total = retained[0] ?? 0;
  if (total === 0) return [];
  const threshold = total * LARGE_SHARE;
  const large = largeNodes(retained, threshold);
  const largestChild = largestChildren(heap);
  /** Bytes of each large node that none of its large children retains. */
  const rest = Float64Array.from(large, (node) => retained[node]!);
  for (const node of large) if (node !== 0) rest[rank(large, idom[node]!)]! -= retained[node]!;
  const points = new Map<number, number>();
  for (const [at, node] of large.entries()) {
    if (rest[at]! < threshold) continue;
    const point = runHead(idom, table.classOf, bigDrop(retained, largestChild, node, threshold));
    let bytes = rest[at]!;
    // Each large member of a list adds only itself: too little for a point, much together.
    for (let above = node; above !== point && above !== 0; ) {
      above = idom[above]!;
      const place = rank(large, above);
      if (rest[place]! >= threshold) continue;
      bytes += rest[place]!;
      rest[place] = 0;
    }
    points.set(point, (points.get(point) ?? 0) + bytes);
  }
  return describe(heap, table, points, total, threshold);
}

/** In ascending order. All dominators of a large node are large. */
function largeNodes(retained: Float64Array, threshold: number): Uint32Array {
  let count = 0;
  for (let node = 0; node < retained.length; node++) if (retained[node]! >= threshold) count++;
  const large = new Uint32Array(count);
  count = 0;
  for (let node = 0; node < retained.length; node++) if (retained[node]! >= threshold) large[count++] = node;
  return large;
}

/** NodeOrdinal → the child in the dominator tree that retains most, 0 means none. */
function largestChildren({ idom, retained }: RetainedHeap): Uint32Array {
  const largest = new Uint32Array(idom.length);
  for (let node = 1; node < idom.length; node++) {
    const above = idom[node]!;
    if (largest[above] === 0 || retained[node]! > retained[largest[above]!]!) largest[above] = node;
  }
  return largest;
}

/** Place of a node in an ascending list that has it. */
function rank(list: Uint32Array, node: number): number {
  let low = 0;
  let high = list.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]! < node) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Follows `node` down while one child has most of it. A large child is another start and is not entered. */
function bigDrop(retained: Float64Array, largestChild: Uint32Array, node: number, threshold: number): number {
  let at = node;
  for (;;) {
    const child = largestChild[at]!;
    const bytes = retained[child]!;
    if (child === 0 || bytes >= threshold || bytes < retained[at]! * BIG_DROP_RATIO) return at;
    at = child;
  }
}

/** The first object of the run that leads to `end`, or `end` itself. */
function runHead(idom: RetainedHeap['idom'], classOf: Uint32Array, end: number): number {
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
  heap: RetainedHeap,
  { keys, classOf }: ClassTable,
  points: ReadonlyMap<number, number>,
  total: number,
  threshold: number,
): readonly AccumulationPoint[] {
  const { idom, retained } = heap;
  const nameOf = (node: number) => keys[classOf[node]!]!.className;
  const children = new Map([...points.keys()].map((node) => [node, new Map<number, Dominated>()]));
  for (let node = 1; node < idom.length; node++) {
    const classes = children.get(idom[node]!);
    if (classes === undefined || retained[node]! >= threshold) continue;
    const known = classes.get(classOf[node]!);
    if (known === undefined) classes.set(classOf[node]!, { count: 1, retainedBytes: retained[node]! });
    else {
      known.count++;
      known.retainedBytes += retained[node]!;
    }
  }
  return [...points]
    .map(([node, accumulatedBytes]) => {
      const classes = [...children.get(node)!];
      return {
        node,
        className: nameOf(node),
        retainedBytes: retained[node]!,
        accumulatedBytes,
        share: accumulatedBytes / total,
        dominated: classes.reduce((sum, [, { count }]) => sum + count, 0),
        dominatedClasses: classes
          .sort(([, a], [, b]) => b.retainedBytes - a.retainedBytes)
          .slice(0, MAX_CLASSES)
          .map(([id, sums]) => ({ ...keys[id]!, ...sums })),
        dominators: dominatorsOf(idom, node).map((above) => ({ node: above, className: nameOf(above) })),
      };
    })
    .sort((a, b) => b.accumulatedBytes - a.accumulatedBytes || a.node - b.node);
}

interface Dominated {
  count: number;
  retainedBytes: number;
}

function dominatorsOf(idom: RetainedHeap['idom'], node: number): readonly number[] {
  const above: number[] = [];
  for (let at = idom[node]!; at !== 0 && above.length < MAX_DOMINATORS; at = idom[at]!) above.push(at);
  return above;
}
