import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { buildHeapGraph, type HeapGraph } from '../../../src/heap/graph/heap-graph.js';
import { type SizeSuspect, summarizeHeap } from '../../../src/heap/heap-summary.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { devtoolsHeap } from '../../support/devtools-heap.js';
import { devtoolsHistogram } from '../../support/devtools-histogram.js';
import { inChunks } from '../../support/drawn-heap.js';
import { unavailable } from '../forked-job.js';
import { type PlantedHeap, plantHeap } from './planted-heap.js';
import { countSnapshot, type SnapshotCounts } from './snapshot-counts.js';
import { type TwoSnapshots, writeTwice } from './two-writers.js';

const NODES_WITHIN = 0.002;
const EDGES_WITHIN = 0.01;
/** Without V8's own roots, its own strings, code and builtins are missing: a constant part. */
const NODES_BY_HANDED = 0.95;
const RETAINED_WITHIN = 0.001;

/**
 * Classes that differ, and by how many objects at most. The first ones are prototypes that V8 names after the primitive,
 * and global objects; the others are what the native writer was given and V8's generator did not hold any more.
 */
const DIFFERING: Readonly<Record<string, number>> = {
  'object String': 4,
  'object Number': 4,
  'object Boolean': 4,
  'object global': 6,
  'object global (global)': 6,
  'object global (global*)': 6,
  'object Object (global)': 6,
  'object Object (global*)': 6,
  'object Object': 16,
  'object Array': 4,
  'object ArrayBuffer': 2,
  'object Uint8Array': 2,
  'closure ': 2,
  'concatenated string (concatenated string)': 2,
};

const within = (found: number, expected: number, part: number, what: string): void =>
  assert.ok(Math.abs(found / expected - 1) <= part, `${what}: ${found}, expected ${expected}`);

const isPlanted = ({ retainerPath }: SizeSuspect): boolean =>
  retainerPath.some(({ edge }) => edge === 'planted');

const byPath = ({ retainerPath, retainedBytes }: SizeSuspect): [path: string, bytes: number] => [
  retainerPath.map(({ edge, node }) => `${edge} ${node}`).join(' › '),
  retainedBytes,
];

describe('The native writer, against V8 in the same copy of the process', { skip: unavailable }, () => {
  let planted: PlantedHeap;
  let files: TwoSnapshots;
  let counts: Readonly<Record<'native' | 'v8', SnapshotCounts>>;
  let graphs: Readonly<Record<'native' | 'v8', HeapGraph>>;
  before(async () => {
    planted = plantHeap();
    files = await writeTwice();
    counts = { native: countSnapshot(files.native), v8: countSnapshot(files.v8) };
    const graphOf = async (file: Buffer) =>
      buildHeapGraph(await parseSnapshot(inChunks(file)), { sizes: 'moved' });
    graphs = { native: await graphOf(files.native), v8: await graphOf(files.v8) };
  });

  it("begins at V8's own roots", () => assert.equal(files.words.v8Roots, 1));

  it('finds as many objects and references', () => {
    within(counts.native.nodes, counts.v8.nodes, NODES_WITHIN, 'nodes');
    within(counts.native.edges, counts.v8.edges, EDGES_WITHIN, 'edges');
  });

  it('finds the same JavaScript objects of each class, with the same bytes', () => {
    const names = new Set([...counts.native.classes.keys(), ...counts.v8.classes.keys()]);
    const different = [...names].filter((name) => {
      const [count, bytes] = counts.native.classes.get(name) ?? [0, 0];
      const [expectedCount, expectedBytes] = counts.v8.classes.get(name) ?? [0, 0];
      if (Math.abs(count - expectedCount) <= (DIFFERING[name] ?? 0)) {
        return DIFFERING[name] === undefined && bytes !== expectedBytes;
      }
      return true;
    });
    assert.deepEqual(
      different.map((name) => [name, counts.native.classes.get(name), counts.v8.classes.get(name)]),
      [],
    );
    assert.ok(names.size > 200, `${names.size} classes`);
  });

  it('finds every variable that V8 has a name for', () => {
    const missing = [...counts.v8.variables].filter(
      ([name, count]) => (counts.native.variables.get(name) ?? 0) < count,
    );
    assert.deepEqual(missing, []);
    assert.equal(counts.native.variables.get(''), undefined);
    assert.ok(counts.v8.variables.size > 500);
  });

  it('finds the same places in scripts', () => {
    assert.ok(Math.abs(counts.native.locations - counts.v8.locations) <= 5);
    assert.ok(counts.v8.locations > 1000);
  });

  it('shows the same large holders, by the same paths, retaining the same bytes', () => {
    const [native, v8] = [graphs.native, graphs.v8].map(
      (graph) => new Map(summarizeHeap(graph).suspects.filter(isPlanted).map(byPath)),
    );
    assert.deepEqual([...native!.keys()].toSorted(), [...v8!.keys()].toSorted());
    assert.ok(v8!.size >= 3);
    for (const [path, retainedBytes] of v8!) within(native!.get(path)!, retainedBytes, RETAINED_WITHIN, path);
  });

  it('gives the planted objects the same retained sizes', () => {
    const [native, v8] = [devtoolsHistogram(graphs.native), devtoolsHistogram(graphs.v8)];
    for (const className of ['Order', 'Line', 'Date', 'Derived', 'Rows', 'Tagged']) {
      const rows = [native, v8].map((rows) => [...rows.values()].find((row) => row.className === className));
      within(rows[0]!.retained, rows[1]!.retained, RETAINED_WITHIN, className);
    }
    assert.ok(planted.byMap.size > 0);
  });

  it("is read by Chrome DevTools' own engine, which computes the same from it as ours", async () => {
    const devtools = await devtoolsHeap(files.native);
    const ours = devtoolsHistogram(graphs.native);
    for (const className of ['Order', 'Line', 'Map', 'Derived', 'Function']) {
      const row = [...devtools.histogram.values()].find((each) => each.className === className);
      const own = [...ours.values()].find((each) => each.className === className);
      assert.deepEqual([row?.count, row?.retained], [own?.count, own?.retained], className);
    }
  });

  it('finds nearly all where it has only the roots that JavaScript knows', async () => {
    const { native, words } = await writeTwice(() => {}, true);
    assert.equal(words.v8Roots, 0);
    const { nodes, classes } = countSnapshot(native);
    assert.ok(nodes >= counts.v8.nodes * NODES_BY_HANDED, `${nodes} of ${counts.v8.nodes}`);
    assert.deepEqual(classes.get('object Order'), counts.v8.classes.get('object Order'));
  });
});
