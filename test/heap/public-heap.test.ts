import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeHeapSnapshot } from 'node:v8';
import {
  buildHeapGraph,
  compareSnapshots,
  EDGE_TYPES,
  type HeapGraph,
  type HeapSnapshot,
  heapHistogram,
  LeakwatchError,
  labelAt,
  labelName,
  labelType,
  parseSnapshot,
  parseSnapshotFile,
  readChunks,
  sizeOf,
  summarizeHeap,
} from '../../src/heap.js';
import { drawHeap, inChunks } from '../support/drawn-heap.js';

class PlantedObject {
  readonly bytes = new Array<number>(8).fill(0.5);
}
const planted = Array.from({ length: 300 }, () => new PlantedObject());

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

describe('leakwatch/heap on a snapshot of this process', () => {
  let folder = '';
  let snapshot: HeapSnapshot;
  let graph: HeapGraph;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
    snapshot = await parseSnapshotFile(writeHeapSnapshot(join(folder, 'own.heapsnapshot')), { ids: true });
    graph = buildHeapGraph(snapshot);
  });
  after(() => rm(folder, { recursive: true }));

  it('parses into columns as long as the counts say', async () => {
    const { nodeCount, edgeCount, nodeType, selfSize, nodeId, firstEdge, edgeTo } = snapshot;
    assert.deepEqual(
      [nodeType.length, selfSize.length, nodeId?.length, firstEdge.length, edgeTo.length],
      [nodeCount, nodeCount, nodeCount, nodeCount + 1, edgeCount],
    );
    assert.equal(firstEdge[nodeCount], edgeCount);
    const inPieces = await parseSnapshot(readChunks(join(folder, 'own.heapsnapshot')));
    assert.deepEqual(inPieces.edgeTo, edgeTo);
    assert.equal(inPieces.nodeId, null, 'ids are kept only when asked for');
  });

  it('has a graph whose root retains the whole heap', () => {
    let bytes = 0;
    for (let node = 0; node < snapshot.nodeCount; node++) bytes += sizeOf(snapshot, node);
    assert.equal(graph.retainedSize[0], bytes);
    assert.equal(graph.idom[0], 0);
    assert.equal(sum(graph.shallowSize()), bytes);
    assert.equal(graph.distance().length, snapshot.nodeCount);
    assert.equal(graph.tree().end[0], snapshot.nodeCount);
  });

  it('has a histogram of every object, by class and place of definition', () => {
    const rows = heapHistogram(graph);
    let [objects, bytes] = [0, 0];
    for (let node = 0; node < snapshot.nodeCount; node++) {
      if (sizeOf(snapshot, node) > 0) objects++;
      bytes += sizeOf(snapshot, node);
    }
    assert.equal(sum(rows.map(({ count }) => count)), objects);
    assert.equal(sum(rows.map(({ shallowBytes }) => shallowBytes)), bytes);
    const row = rows.find(({ className }) => className === PlantedObject.name);
    assert.equal(row?.count, planted.length);
    assert.match(row.location?.script ?? '', /public-heap\.test\.js$/);
    assert.ok(row.retainedBytes >= row.shallowBytes + planted.length * 8 * 8, 'with what they hold');
    for (const [at, { retainedBytes }] of rows.entries())
      assert.ok(at === 0 || retainedBytes <= rows[at - 1]!.retainedBytes);
  });

  it('lists the biggest objects by what they retain, each a node of the graph', () => {
    const { dominators, classes } = summarizeHeap(graph, { dominators: 40 });
    assert.equal(dominators.length, 40);
    const nodeOf = new Map(Array.from(snapshot.nodeId!, (id, node) => [id, node]));
    for (const { id, retainedBytes, shallowBytes } of dominators) {
      const node = nodeOf.get(id!)!;
      assert.equal(retainedBytes, graph.retainedSize[node]);
      assert.equal(shallowBytes, sizeOf(snapshot, node));
    }
    assert.ok(classes.some(({ className }) => className === PlantedObject.name));
  });
});

const draw = (orders: number) => `
  global: object global 40
  store: object Store 100
  map: object Map 32
  table: array "" ${orders * 24}
  order*${orders}: object Order 24
  root -shortcut 1-> global
  global -property store-> store
  store -property orders-> map
  map -internal table-> table
  table -internal #*3+6-> order
`;
const stream = (orders: number) => inChunks(drawHeap(draw(orders)), 100);

describe('leakwatch/heap on drawn heaps', () => {
  it('reads an edge as type, name and target', async () => {
    const snapshot = await parseSnapshot(stream(20));
    const edges: string[] = [];
    for (let edge = snapshot.firstEdge[2]!; edge < snapshot.firstEdge[3]!; edge++) {
      const label = labelAt(snapshot, 2, edge);
      const name = snapshot.strings.text(labelName(label));
      edges.push(`${EDGE_TYPES[labelType(label)]} ${name} ${snapshot.edgeTo[edge]}`);
    }
    assert.deepEqual(edges, ['property orders 3']);
  });

  it('names the place where memory accumulates, the object and not the table of V8 in it', async () => {
    const { suspects, dominators } = summarizeHeap(buildHeapGraph(await parseSnapshot(stream(50))));
    const [suspect] = suspects;
    assert.deepEqual(
      [suspect?.owner, suspect?.className, suspect?.holder, suspect?.dominated],
      ['Store.orders', 'Map', 'program', 50],
    );
    assert.equal(suspect?.retainedBytes, 32 + 50 * 24 + 50 * 24);
    assert.equal(suspect?.id, null, 'there are no ids without asking for them');
    assert.deepEqual(
      suspect?.retainerPath.map(({ edge, node }) => `${edge}: ${node}`),
      [': globalThis', 'store: Store', 'orders: Map'],
    );
    assert.equal(dominators[0]?.className, 'Map', 'what passes on nearly all is left out');
  });

  it('lists no more biggest objects than asked for, largest first', async () => {
    const graph = buildHeapGraph(await parseSnapshot(stream(50)));
    assert.deepEqual(
      summarizeHeap(graph, { dominators: 3 }).dominators.map(({ className, retainedBytes }) => [
        className,
        retainedBytes,
      ]),
      [
        ['Map', 2432],
        ['Order', 24],
        ['Order', 24],
      ],
    );
    assert.deepEqual(summarizeHeap(graph, { dominators: 0 }).dominators, []);
  });

  it('compares snapshots: what grew at every step is a suspect', async () => {
    const steps: string[] = [];
    const result = await compareSnapshots([stream(100), stream(200), stream(300)], (snapshot, step) =>
      steps.push(`${snapshot} ${step}`),
    );
    assert.ok(result.outcome === 'success');
    const [suspect] = result.suspects;
    assert.equal(suspect?.owner, 'Store.orders');
    assert.deepEqual(
      suspect?.steps.map(({ atMs, count }) => [atMs, count]),
      [
        [0, 100],
        [1, 200],
        [2, 300],
      ],
    );
    assert.deepEqual(result.classes.find(({ className }) => className === 'Order')?.counts, [100, 200, 300]);
    assert.equal(result.snapshots.length, 3);
    assert.equal(steps[0], '0 parsing');
    assert.equal(steps.at(-1), '2 ranking');
  });

  it('compares two snapshots by path, in both directions', async () => {
    const grown = await compareSnapshots([stream(100), stream(300)]);
    assert.ok(grown.outcome === 'success');
    assert.deepEqual(grown.suspects, []);
    assert.deepEqual(
      grown.paths.map(({ owner, className, counts }) => ({ owner, className, counts })),
      [{ owner: 'Store.orders', className: 'Order', counts: [100, 300] }],
    );
    // 200 entries: an object of 24 bytes, and 24 bytes of the table, each.
    assert.equal(grown.paths[0]?.gainedBytes, 200 * 48);
    const shrunk = await compareSnapshots([stream(300), stream(100)]);
    assert.ok(shrunk.outcome === 'success');
    assert.deepEqual(shrunk.paths, []);
  });

  it('names a spike by what the last snapshot has more of than the first, and does not suspect it', async () => {
    const result = await compareSnapshots([stream(100), stream(300), stream(200)]);
    assert.ok(result.outcome === 'success');
    assert.deepEqual(result.suspects, []);
    assert.deepEqual(result.paths[0]?.counts, [100, 200]);
  });

  it('says which snapshot failed, and why', async () => {
    const cut = inChunks(drawHeap(draw(100)).subarray(0, 1000));
    const result = await compareSnapshots([stream(100), cut]);
    assert.ok(result.outcome === 'failure');
    assert.equal(result.snapshot, 1);
    assert.equal(result.step, 'parsing');
    assert.match(result.reason, /at byte 1000: it ends too early/);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const result = await compareSnapshots(
      [stream(100), stream(200)],
      (snapshot) => snapshot === 1 && controller.abort(),
      controller.signal,
    );
    assert.ok(result.outcome === 'failure');
    assert.deepEqual([result.snapshot, result.reason], [1, 'The analysis was cancelled.']);
  });

  it('throws for too few and too many snapshots', async () => {
    for (const count of [0, 1, 17]) {
      const snapshots = Array.from({ length: count }, () => stream(10));
      await assert.rejects(compareSnapshots(snapshots), RangeError);
    }
  });

  it('refuses what is no snapshot with a typed error and the byte', async () => {
    await assert.rejects(parseSnapshot(inChunks(Buffer.from('{"nodes":[1]}'))), (error) => {
      assert.ok(error instanceof LeakwatchError);
      assert.equal(error.code, 'LEAKWATCH_ERR_SNAPSHOT_FORMAT');
      assert.match(error.message, /at byte 9: nodes come before the header/);
      return true;
    });
    const path = join(await mkdtemp(join(tmpdir(), 'leakwatch-')), 'empty');
    await writeFile(path, '');
    await assert.rejects(parseSnapshotFile(path), /at byte 0: it ends too early/);
    await rm(join(path, '..'), { recursive: true });
  });
});
