import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildHeapGraph } from '../../../src/heap/graph/heap-graph.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { devtoolsHeap } from '../../support/devtools-heap.js';
import { devtoolsHistogram, type HistogramRow } from '../../support/devtools-histogram.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { randomHeap, writeHeap } from '../../support/random-heap.js';

const HEAPS = 600;
const DETACHED = 'Detached ';

const graphOf = async (bytes: Uint8Array) =>
  buildHeapGraph(await parseSnapshot(inChunks(bytes)), { sizes: 'moved' });

/** A snapshot that a process of the running version of Node took of itself. */
async function realSnapshot(): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'leakwatch-'));
  try {
    const file = join(folder, 'kinds.heapsnapshot');
    const program = fileURLToPath(new URL('./programs/many-kinds.js', import.meta.url));
    await promisify(execFile)(process.execPath, [program, file]);
    return await readFile(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Columns in which a number is allowed to stand for a million: no list of differences that nobody could read. */
function sameColumn(found: ArrayLike<number>, expected: ArrayLike<number>, column: string): void {
  assert.equal(found.length, expected.length, column);
  for (let node = 0; node < found.length; node++) {
    if (found[node] !== expected[node])
      assert.equal(found[node], expected[node], `${column} of node ${node}`);
  }
}

const sorted = (rows: ReadonlyMap<string, HistogramRow>) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1));

/** Rows of detached elements added to those of the others. */
function withoutDetached(rows: ReadonlyMap<string, HistogramRow>): ReadonlyMap<string, HistogramRow> {
  const merged = new Map<string, HistogramRow>();
  for (const [key, row] of rows) {
    const base = key.replace(`,${DETACHED}`, ',');
    const known = merged.get(base);
    const className = row.className.startsWith(DETACHED)
      ? row.className.slice(DETACHED.length)
      : row.className;
    merged.set(base, {
      className,
      count: row.count + (known?.count ?? 0),
      shallow: row.shallow + (known?.shallow ?? 0),
      retained: row.retained + (known?.retained ?? 0),
      distance: Math.min(row.distance, known?.distance ?? Infinity),
    });
  }
  return merged;
}

describe('the graph of a heap is the one that DevTools finds', () => {
  it(`on ${HEAPS} random heaps`, async () => {
    for (let seed = 1; seed <= HEAPS; seed++) {
      const bytes = writeHeap(randomHeap(seed));
      const expected = await devtoolsHeap(bytes);
      const graph = await graphOf(bytes);
      const seedText = `seed ${seed}:`;
      sameColumn(graph.idom, expected.idom, `${seedText} immediate dominator`);
      sameColumn(graph.shallowSize(), expected.shallowSize, `${seedText} shallow size`);
      sameColumn(graph.retainedSize, expected.retainedSize, `${seedText} retained size`);
      sameColumn(graph.distance(), expected.distance, `${seedText} distance`);
      assert.deepEqual(sorted(devtoolsHistogram(graph)), sorted(expected.histogram), seedText);
    }
  });

  it('on a real snapshot of this version of Node', async () => {
    const bytes = await realSnapshot();
    const expected = await devtoolsHeap(bytes);
    const graph = await graphOf(bytes);
    assert.ok(graph.idom.length > 20_000);
    sameColumn(graph.idom, expected.idom, 'immediate dominator');
    sameColumn(graph.shallowSize(), expected.shallowSize, 'shallow size');
    sameColumn(graph.retainedSize, expected.retainedSize, 'retained size');
    sameColumn(graph.distance(), expected.distance, 'distance');
    const found = devtoolsHistogram(graph);
    assert.deepEqual(sorted(found), sorted(withoutDetached(expected.histogram)));
    assert.ok(found.size > 100);
  });
});

describe('the histogram differs from that of DevTools where', () => {
  it('an object is named like a kind of node: one row for both, where DevTools keeps the last', async () => {
    const bytes = drawHeap(`
      function: closure handler 64
      object: object Function 24
      root -element 1-> function
      root -element 2-> object
    `);
    const ours = devtoolsHistogram(await graphOf(bytes)).get(',Function');
    const theirs = (await devtoolsHeap(bytes)).histogram.get(',Function');
    assert.deepEqual(ours, { className: 'Function', count: 2, shallow: 88, retained: 88, distance: 1 });
    assert.deepEqual(theirs, { className: 'Function', count: 1, shallow: 24, retained: 24, distance: 1 });
  });

  it('V8 marks a native object as detached: that concerns pages only, so it stays in the class of its name', async () => {
    const heap = {
      nodes: [
        { type: 'synthetic', name: '', size: 0 },
        { type: 'native', name: 'Node / BindingData', size: 40 },
      ],
      edges: [{ from: 0, to: 1, type: 'element', name: '1' }],
      locations: new Map(),
    } as const;
    const text = Buffer.from(writeHeap(heap)).toString();
    const detached = Buffer.from(text.replace(/(,40,0),0\]/, '$1,2]'));
    assert.notEqual(detached.toString(), text);
    const ours = devtoolsHistogram(await graphOf(detached));
    const theirs = (await devtoolsHeap(detached)).histogram;
    assert.deepEqual([...ours.keys()], [',Node / BindingData']);
    assert.deepEqual([...theirs.keys()], [',Detached Node / BindingData']);
  });
});
