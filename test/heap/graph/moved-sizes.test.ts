import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { buildHeapGraph } from '../../../src/heap/graph/heap-graph.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

const DRAWING = `
  global: object global 10
  list: object List 20
  elements: array elements 300
  inner: hidden inner 4000
  shared: array shared 50000
  heading: synthetic heading 0
  stray: array stray 7
  root -shortcut 1-> global
  root -element 2-> heading
  heading -element 1-> stray
  global -property list-> list
  global -internal shared-> shared
  list -internal elements-> elements
  list -internal shared-> shared
  elements -internal inner-> inner
`;

async function sizes(kind: 'own' | 'moved') {
  const graph = buildHeapGraph(await parseSnapshot(inChunks(drawHeap(DRAWING))), { sizes: kind });
  const { nodeName, strings } = graph.snapshot;
  const byName = (column: Float64Array) =>
    Object.fromEntries(Array.from(column, (size, node) => [strings.text(nodeName[node]!), size]));
  return { shallow: byName(graph.shallowSize()), retained: byName(graph.retainedSize) };
}

describe('sizes', () => {
  it('are V8’s own by default', async () => {
    const { shallow, retained } = await sizes('own');
    assert.deepEqual([shallow['List'], shallow['elements'], shallow['inner']], [20, 300, 4000]);
    assert.deepEqual([retained['List'], retained['elements'], retained['']], [4320, 4300, 54337]);
  });

  it('moved: a hidden node that only one object leads to counts in that object, a shared one does not', async () => {
    const { shallow, retained } = await sizes('moved');
    assert.deepEqual([shallow['List'], shallow['elements'], shallow['inner']], [4320, 0, 0]);
    assert.deepEqual([shallow['shared'], shallow['stray']], [50000, 7]);
    assert.deepEqual([retained['List'], retained['elements'], retained['']], [4320, 0, 54337]);
  });
});
