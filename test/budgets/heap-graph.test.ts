import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { depthFirst } from '../../src/heap/graph/depth-first.js';
import { buildHeapGraph } from '../../src/heap/graph/heap-graph.js';
import { labelRules } from '../../src/heap/graph/label-rules.js';
import type { HeapSnapshot } from '../../src/heap/snapshot/heap-snapshot.js';
import { parseSnapshot } from '../../src/heap/snapshot/snapshot-parser.js';
import { inChunks } from '../support/drawn-heap.js';
import { type RandomEdge, type RandomHeap, writeHeap } from '../support/random-heap.js';

const NODES = 20_000;
/** Beside the columns: the root's place, and headers. */
const SPARE = 64;

/** Objects in a tree, each with edges to two shared ones: three edges a node, as in real heaps. */
function wideHeap(): RandomHeap {
  const edges: RandomEdge[] = [];
  for (let node = 1; node < NODES; node++) {
    edges.push({ from: Math.floor((node - 1) / 4), to: node, type: 'element', name: '1' });
    if (node > 2) edges.push({ from: node, to: 1, type: 'property', name: 'a' });
    if (node > 2) edges.push({ from: node, to: 2, type: 'property', name: 'b' });
  }
  return {
    nodes: Array.from({ length: NODES }, (_, node) => ({
      type: node === 0 ? 'synthetic' : 'object',
      name: '',
      size: 8,
    })),
    edges: edges.sort((a, b) => a.from - b.from),
    locations: new Map(),
  };
}

const snapshotOf = (heap: RandomHeap): Promise<HeapSnapshot> => parseSnapshot(inChunks(writeHeap(heap)));
const bytesOf = (columns: readonly (ArrayBufferView | null)[]) =>
  [...new Set(columns.map((column) => column?.buffer))].reduce(
    (sum, buffer) => sum + (buffer?.byteLength ?? 0),
    0,
  );

describe('memory of a heap graph', () => {
  it('while it works: 20 bytes a node and 4 an edge that is not of the search’s tree', async () => {
    const snapshot = await snapshotOf(wideHeap());
    const { number, tree, scratch, marks } = depthFirst(snapshot, labelRules(snapshot));
    const other = snapshot.edgeCount - snapshot.nodeCount;
    assert.ok(bytesOf([number, tree, marks]) <= 12 * NODES + SPARE);
    assert.ok(bytesOf([scratch]) <= 4 * Math.max(other, 2 * NODES) + SPARE);
  });

  it('afterwards: 12 bytes a node, and one a label', async () => {
    const snapshot = await snapshotOf(wideHeap());
    const { idom, retainedSize, rules } = buildHeapGraph(snapshot);
    assert.ok(bytesOf([idom, retainedSize]) <= 12 * NODES + SPARE);
    assert.ok(bytesOf([rules]) <= snapshot.labels.length);
  });

  it('on demand: distances 4 a node, the tree 12, retainers 4 a node and 4 an edge', async () => {
    const snapshot = await snapshotOf(wideHeap());
    const graph = buildHeapGraph(snapshot);
    const { node, rank, end } = graph.tree();
    const { first, from } = graph.retainers();
    assert.ok(bytesOf([graph.distance()]) <= 4 * NODES);
    assert.ok(bytesOf([node, rank, end]) <= 12 * NODES);
    assert.ok(bytesOf([first, from]) <= 4 * NODES + 4 * snapshot.edgeCount + SPARE);
  });

  it('is not spent twice: what was worked out on demand is kept', async () => {
    const graph = buildHeapGraph(await snapshotOf(wideHeap()));
    assert.equal(graph.tree(), graph.tree());
    assert.equal(graph.retainers(), graph.retainers());
    assert.equal(graph.distance(), graph.distance());
  });
});
