import type { Dominance } from '../../../src/heap/graph/heap-graph.js';
import { labelRules } from '../../../src/heap/graph/label-rules.js';
import { type HeapSnapshot, sizeOf } from '../../../src/heap/snapshot/heap-snapshot.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { seededRandom } from '../../support/seeded-random.js';

export const parseDrawing = (drawing: string): Promise<HeapSnapshot> =>
  parseSnapshot(inChunks(drawHeap(drawing)));

/** A heap of up to 25 objects of four classes with edges at random, of which some are weak. */
export function randomHeap(seed: number): Promise<HeapSnapshot> {
  const random = seededRandom(seed);
  const nodes = 3 + random.below(23);
  const lines = ['n0: synthetic Roots 0', 'root -element 1-> n0'];
  for (let node = 1; node < nodes; node++) {
    lines.push(
      `n${node}: object ${'ABCD'[random.below(4)]} ${random.below(5) === 0 ? 0 : 8 + random.below(90)}`,
    );
  }
  const edges = nodes + random.below(2 * nodes);
  for (let edge = 0; edge < edges; edge++) {
    const type = random.below(6) === 0 ? 'weak' : 'property';
    lines.push(`n${random.below(nodes)} -${type} e${edge}-> n${random.below(nodes)}`);
  }
  return parseDrawing(lines.join('\n'));
}

/** What can be reached from `starts` by edges that retain, without entering nodes that are `barred`. */
export function reachable(
  snapshot: HeapSnapshot,
  starts: readonly number[],
  barred: ReadonlySet<number> = new Set(),
): ReadonlySet<number> {
  const rules = labelRules(snapshot);
  const { firstEdge, firstLabel, edgeTo } = snapshot;
  const found = new Set(starts.filter((node) => !barred.has(node)));
  for (const node of found) {
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const rule = rules[firstLabel[node]! + edge - firstEdge[node]!];
      if (rule !== 0 && (rule !== 3 || node === 0) && !barred.has(edgeTo[edge]!)) found.add(edgeTo[edge]!);
    }
  }
  return found;
}

/** Dominators by definition: a node dominates what cannot be reached without it. Unreachable nodes hang below the root. */
export function naiveDominators(snapshot: HeapSnapshot): Dominance {
  const all = reachable(snapshot, [0]);
  const { nodeCount } = snapshot;
  const dominated = Array.from({ length: nodeCount }, (_, node) => {
    const others = node === 0 ? new Set<number>() : reachable(snapshot, [0], new Set([node]));
    return new Set([...all].filter((other) => !others.has(other)));
  });
  const idom = new Int32Array(nodeCount);
  const retainedSize = new Float64Array(nodeCount);
  for (const node of all) {
    for (const other of dominated[node]!) retainedSize[node]! += sizeOf(snapshot, other);
    const above = [...all].filter((other) => other !== node && dominated[other]!.has(node));
    // The nearest dominator is the one that dominates least.
    idom[node] = above.sort((a, b) => dominated[a]!.size - dominated[b]!.size)[0] ?? 0;
  }
  return { idom, retainedSize };
}
