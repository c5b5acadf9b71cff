import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SYSTEM_DISTANCE } from '../../../src/heap/graph/distances.js';
import { buildHeapGraph } from '../../../src/heap/graph/heap-graph.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

async function distances(drawing: string): Promise<Readonly<Record<string, number>>> {
  const graph = buildHeapGraph(await parseSnapshot(inChunks(drawHeap(drawing))));
  const { nodeName, strings } = graph.snapshot;
  return Object.fromEntries(
    Array.from(graph.distance(), (distance, node) => [strings.text(nodeName[node]!), distance]),
  );
}

describe('distances', () => {
  it('count edges from the program’s roots, and start far away for nodes that only V8’s own roots reach', async () => {
    const found = await distances(`
      global: object global
      a: object a
      b: object b
      roots: synthetic roots
      internal: object internal
      weakling: object weakling
      root -element 1-> roots
      root -shortcut 1-> global
      global -property a-> a
      a -shortcut b-> b
      roots -element 1-> internal
      roots -element 2-> b
      b -weak w-> weakling
    `);
    assert.deepEqual(found, {
      '': SYSTEM_DISTANCE,
      global: 1,
      a: 2,
      b: 3,
      roots: SYSTEM_DISTANCE + 1,
      internal: SYSTEM_DISTANCE + 2,
      weakling: -1,
    });
  });

  it('of a WeakMap’s value follow the farther of its table and its key', async () => {
    const entry = 'part of key (Key @5) -> value (Value @7) pair in WeakMap (table @3)';
    const found = await distances(`
      global: object global
      table: array table
      key: object key
      between: object between
      value: object value
      root -shortcut 1-> global
      global -property table-> table
      global -property between-> between
      between -property key-> key
      table -internal 1 / ${entry}-> value
      key -internal 2 / ${entry}-> value
    `);
    assert.deepEqual([found['table'], found['key'], found['value']], [2, 3, 4]);
  });

  it('do not lead through shared descriptors or the native context’s map of functions', async () => {
    const found = await distances(`
      global: object global
      context: hidden "system / NativeContext"
      descriptors: array "(map descriptors)"
      map: object map
      value: object value
      key: object key
      root -shortcut 1-> global
      global -property context-> context
      global -property descriptors-> descriptors
      context -internal sloppy_function_map-> map
      descriptors -hidden 4-> value
      descriptors -hidden 5-> key
    `);
    assert.deepEqual([found['map'], found['value'], found['key']], [-1, -1, 3]);
  });
});
