import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortestPaths } from '../../../src/heap/graph/shortest-path.js';
import { sampleWeights } from '../../../src/heap/growth/sample-weights.js';
import { type SampledContent, sampledContent } from '../../../src/heap/growth/sampled-content.js';
import {
  dictionaryBytes,
  elementsBytes,
  orderedTableBytes,
  PREFIX,
} from '../../../src/heap/growth/store-size.js';
import type { HeapSnapshot } from '../../../src/heap/snapshot/heap-snapshot.js';
import { MARK_NAME } from '../../../src/heap/snapshot/sampled-marks.js';
import { seededRandom } from '../../support/seeded-random.js';
import { naiveDominators, parseDrawing, reachable } from './random-heap.js';

const GRAPHS = 400;

/** Objects and truncated arrays with edges at random; of the arrays, those by number are members. */
function randomSampledHeap(seed: number): Promise<HeapSnapshot> {
  const random = seededRandom(seed);
  const nodes = 4 + random.below(16);
  const lines = ['n0: object global 8', 'root -shortcut 1-> n0'];
  const arrays = new Set<number>();
  for (let node = 1; node < nodes; node++) {
    const isArray = random.below(3) === 0;
    lines.push(`n${node}: object ${isArray ? 'Array' : 'Item'} ${8 * (1 + random.below(9))}`);
    if (!isArray) continue;
    arrays.add(node);
    const kept = 1 + random.below(5);
    lines.push(`m${node}: string ${kept}/${kept + 1 + random.below(100)} 32`);
    lines.push(`n${node} -property ${MARK_NAME}-> m${node}`);
  }
  for (let edge = 0; edge < nodes * 2; edge++) {
    const from = random.below(nodes);
    const isMember = arrays.has(from) && random.below(3) > 0;
    lines.push(
      `n${from} -${isMember ? 'element' : 'property'} ${isMember ? edge : `e${edge}`}-> n${random.below(nodes)}`,
    );
  }
  return parseDrawing(lines.join('\n'));
}

/** The same heap without these edges. */
function without(snapshot: HeapSnapshot, dropped: (from: number, edge: number) => boolean): HeapSnapshot {
  const edgeTo = snapshot.edgeTo.slice();
  for (let from = 0; from < snapshot.nodeCount; from++) {
    for (let edge = snapshot.firstEdge[from]!; edge < snapshot.firstEdge[from + 1]!; edge++) {
      if (dropped(from, edge)) edgeTo[edge] = from;
    }
  }
  return { ...snapshot, edgeTo };
}

/** By the definition, with sets of what is reachable. */
function naiveWeights(snapshot: HeapSnapshot, content: SampledContent): readonly number[] {
  const { order, parent, parentEdge } = shortestPaths(snapshot, content);
  const isMember = (from: number, edge: number) => content.isMember(from, edge);
  const certain = reachable(without(snapshot, isMember), [0]);
  const tree = without(
    snapshot,
    (from, edge) => isMember(from, edge) && parentEdge[snapshot.edgeTo[edge]!] !== edge,
  );
  const { idom } = naiveDominators(tree);
  const all = reachable(snapshot, [0]);
  const weights = new Array<number>(snapshot.nodeCount).fill(1);
  const holders = (node: number, place: number) =>
    [...order.subarray(0, place)].flatMap((from) => {
      const edges: number[] = [];
      for (let edge = snapshot.firstEdge[from]!; edge < snapshot.firstEdge[from + 1]!; edge++)
        if (snapshot.edgeTo[edge] === node && isMember(from, edge))
          edges.push(weights[from]! * content.factor(from));
      return edges;
    });
  for (const [place, node] of order.entries()) {
    if (certain.has(node) || !all.has(node)) continue;
    const from = parent[node]!;
    weights[node] = isMember(from, parentEdge[node]!)
      ? weights[from]! * content.factor(from)
      : Math.min(weights[idom[node]!]!, ...holders(node, place));
  }
  return weights;
}

describe('the weights of a sampled heap', () => {
  it('are as they are defined, on random heaps', async () => {
    let scaled = 0;
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const snapshot = await randomSampledHeap(seed);
      const content = sampledContent(snapshot);
      if (content === null) continue;
      const { weight } = sampleWeights(snapshot, shortestPaths(snapshot, content), content);
      assert.deepEqual([...weight], naiveWeights(snapshot, content), `seed ${seed}`);
      for (const one of weight) if (one !== 1) scaled++;
    }
    assert.ok(scaled > GRAPHS, 'many objects stand for several');
  });

  it('leave every object on one path, also those that only members lead to', async () => {
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const snapshot = await randomSampledHeap(seed);
      const content = sampledContent(snapshot);
      const { order } = shortestPaths(snapshot, content);
      assert.deepEqual(order.toSorted(), shortestPaths(snapshot).order.toSorted());
    }
  });
});

describe('the size of a table', () => {
  it('is what V8 takes for so many members', () => {
    // Measured in snapshots of Node 20 and 26.
    assert.deepEqual([60, 130, 1000, 300_000].map(elementsBytes), [672, 1136, 10_328, 3_091_280]);
    assert.deepEqual(
      [60, 1000, 300_000].map((count) => orderedTableBytes(count, 3)),
      [1832, 28_712, 14_680_104],
    );
    assert.deepEqual(
      [60, 1000, 300_000].map((count) => orderedTableBytes(count, 2)),
      [1320, 20_520, 10_485_800],
    );
    const names = [1000, 1366, 300_000].map((count) => dictionaryBytes(count, PREFIX.names));
    assert.deepEqual(names, [49_216, 98_368, 12_582_976]);
  });
});
