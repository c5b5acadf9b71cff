import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildHeapGraph } from '../../../src/heap/graph/heap-graph.js';
import { EDGE, type HeapSnapshot, labelOf } from '../../../src/heap/snapshot/heap-snapshot.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { randomHeap, writeHeap } from '../../support/random-heap.js';
import { bruteForceDominators, retainingEdges } from './brute-force.js';

const HEAPS = 600;
const ENTRY = 'part of key (Key @5) -> value (Value @7) pair in WeakMap (table @3)';

const graphOf = async (bytes: Uint8Array) => buildHeapGraph(await parseSnapshot(inChunks(bytes)));

/** Names of the nodes' immediate dominators, `name < dominator`, without the root's. */
async function drawn(drawing: string): Promise<readonly string[]> {
  const { snapshot, idom } = await graphOf(drawHeap(drawing));
  const name = (node: number) => (node === 0 ? 'root' : snapshot.strings.text(snapshot.nodeName[node]!));
  return Array.from(idom, (above, node) => `${name(node)} < ${name(above)}`).slice(1);
}

/** A heap of as many nodes as asked for; edges in the order of their sources, all of them elements. */
function columns(nodeCount: number, edges: readonly (readonly [number, number])[]): HeapSnapshot {
  const firstEdge = new Uint32Array(nodeCount + 1);
  for (const [from] of edges) firstEdge[from + 1]!++;
  for (let node = 0; node < nodeCount; node++) firstEdge[node + 1]! += firstEdge[node]!;
  const longest = Math.max(1, ...new Set(firstEdge.map((end, node) => end - (firstEdge[node - 1] ?? 0))));
  return {
    nodeCount,
    edgeCount: edges.length,
    nodeType: new Uint8Array(nodeCount).fill(3),
    nodeName: new Uint32Array(nodeCount),
    selfSize: new Uint32Array(nodeCount).fill(1),
    hugeSizes: new Map(),
    sampled: null,
    nodeId: null,
    nodeLocation: new Uint16Array(nodeCount),
    locations: { scriptId: new Uint32Array(1), line: new Uint32Array(1), column: new Uint32Array(1) },
    firstEdge,
    firstLabel: new Uint32Array(nodeCount),
    edgeTo: Uint32Array.from(edges, ([, to]) => to),
    labels: new Uint32Array(longest).fill(labelOf(EDGE.element, 0)),
    strings: { length: 1, text: () => '', numeral: () => -1, find: () => -1 },
  };
}

describe('immediate dominators', () => {
  it(`are those of the definition, on ${HEAPS} random heaps`, async () => {
    for (let seed = 1; seed <= HEAPS; seed++) {
      const heap = randomHeap(seed);
      const { idom } = await graphOf(writeHeap(heap));
      assert.deepEqual(Array.from(idom), bruteForceDominators(heap), `seed ${seed}`);
    }
  });

  it('are the nearest node on all paths, not on one', async () => {
    const found = await drawn(`
      a: object a
      b: object b
      c: object c
      d: object d
      root -element 1-> a
      a -property b-> b
      a -property c-> c
      b -property d-> d
      c -property d-> d
    `);
    assert.deepEqual(found, ['a < root', 'b < a', 'c < a', 'd < a']);
  });

  it('leave out weak edges, and shortcuts below the root', async () => {
    const found = await drawn(`
      a: object a
      b: object b
      c: object c
      root -element 1-> a
      root -element 2-> b
      a -property c-> c
      b -weak c-> c
      b -shortcut c-> c
    `);
    assert.deepEqual(found, ['a < root', 'b < root', 'c < a']);
  });

  it('treat the value of a WeakMap entry as retained by its key alone', async () => {
    const found = await drawn(`
      table: array table
      key: object key
      value: object value
      root -element 1-> table
      root -element 2-> key
      table -internal 3 / ${ENTRY}-> value
      key -internal 9 / ${ENTRY}-> value
    `);
    assert.deepEqual(found, ['table < root', 'key < root', 'value < key']);
  });

  it('page-owned: handles do not retain what the global objects reach', async () => {
    const found = await drawn(`
      global: object global
      handles: synthetic handles
      server: object server
      socket: object socket
      root -shortcut 1-> global
      root -element 2-> handles
      global -property server-> server
      handles -element 1-> server
      handles -element 2-> socket
    `);
    assert.deepEqual(found, ['global < root', 'handles < root', 'server < global', 'socket < handles']);
  });

  it('unreached: nodes that nothing retains are placed below the root, nodes in cycles one by one', async () => {
    const found = await drawn(`
      orphan: object orphan
      held: object held
      a: object a
      b: object b
      orphan -property held-> held
      orphan -weak a-> a
      a -property b-> b
      b -property a-> a
    `);
    assert.deepEqual(found, ['orphan < root', 'held < orphan', 'a < root', 'b < root']);
  });

  it('are found in a list a million objects deep with edges back and out', () => {
    const length = 1_000_000;
    const edges: (readonly [number, number])[] = [];
    for (let node = 0; node < length; node++) {
      if (node + 1 < length) edges.push([node, node + 1]);
      if (node > 1) edges.push([node, node - 1], [node, length]);
    }
    const { idom, retainedSize } = buildHeapGraph(columns(length + 1, edges));
    for (let node = 1; node < length; node++) if (idom[node] !== node - 1) assert.equal(idom[node], node - 1);
    assert.equal(idom[length], 2);
    assert.equal(retainedSize[1], length);
  });

  it('are found quickly if the end of a long list holds much that the root holds too', () => {
    const length = 200_000;
    const edges: (readonly [number, number])[] = [[0, 1]];
    for (let node = 1; node < length; node++) edges.push([node, node + 1]);
    for (let item = 1; item <= length; item++) edges.push([length, length + item]);
    // The root's edges to the items come last, so the search goes along the list first.
    const held = Array.from({ length }, (_, item) => [0, length + item + 1] as const);
    const { idom } = buildHeapGraph(columns(2 * length + 1, [edges[0]!, ...held, ...edges.slice(1)]));
    assert.equal(idom[length], length - 1);
    assert.ok(idom.subarray(length + 1).every((above) => above === 0));
  });

  it('take bounded memory if most nodes are unreachable and share what they hold', () => {
    const orphans = 1000;
    const shared = 10;
    const edges: (readonly [number, number])[] = [];
    for (let node = 1; node <= orphans; node++) {
      for (let to = 1; to <= shared; to++) edges.push([node, orphans + to]);
    }
    const { idom } = buildHeapGraph(columns(orphans + shared + 1, edges));
    assert.ok(idom.every((above) => above === 0));
  });

  it('of a heap with only a root are the root', () => {
    const { idom, retainedSize } = buildHeapGraph(columns(1, []));
    assert.deepEqual([...idom, ...retainedSize], [0, 1]);
  });
});

describe('retained sizes', () => {
  it('are the sums over the nodes that a node dominates, on random heaps', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const heap = randomHeap(seed);
      const { idom, retainedSize, tree } = await graphOf(writeHeap(heap));
      const expected = heap.nodes.map(() => 0);
      for (const [node, { size }] of heap.nodes.entries()) {
        for (let above = node; ; above = idom[above]!) {
          expected[above]! += size;
          if (above === 0) break;
        }
      }
      assert.deepEqual(Array.from(retainedSize), expected, `seed ${seed}`);
      const { rank, end } = tree();
      const inRange = heap.nodes.map(() => 0);
      for (const [node, { size }] of heap.nodes.entries()) {
        for (const above of heap.nodes.keys()) {
          if (rank[above]! <= rank[node]! && rank[node]! < end[rank[above]!]!) inRange[above]! += size;
        }
      }
      assert.deepEqual(inRange, expected, `seed ${seed}`);
    }
  });
});

describe('retainers', () => {
  it('are the sources of retaining edges; the page-owned rule does not apply to them', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const heap = randomHeap(seed);
      const { first, from } = (await graphOf(writeHeap(heap))).retainers();
      const found = heap.nodes.map((_, node) => Array.from(from.subarray(first[node], first[node + 1])));
      const expected = heap.nodes.map((): number[] => []);
      const withoutPage = { ...heap, edges: heap.edges.map((edge) => ({ ...edge })) };
      for (const edge of labelRetaining(withoutPage.edges, heap)) expected[edge.to]!.push(edge.from);
      assert.deepEqual(found, expected, `seed ${seed}`);
      assert.ok(retainingEdges(heap).every(({ from: above, to }) => found[to]!.includes(above)));
    }
  });
});

function labelRetaining(
  edges: ReturnType<typeof randomHeap>['edges'],
  { nodes }: ReturnType<typeof randomHeap>,
) {
  return edges.filter(({ from, to, type, name }) => {
    if (type === 'weak' || from === to || (type === 'shortcut' && from !== 0)) return false;
    return !(type === 'internal' && nodes[from]!.type === 'array' && name.includes('part of key'));
  });
}
