import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Dominance } from '../../../src/heap/graph/heap-graph.js';
import { classHistogram, retainedByClass } from '../../../src/heap/growth/class-histogram.js';
import { type ClassTable, classTable } from '../../../src/heap/growth/class-key.js';
import { ClassNames } from '../../../src/heap/growth/class-names.js';
import { type HeapSnapshot, sizeOf } from '../../../src/heap/snapshot/heap-snapshot.js';
import { naiveDominators, parseDrawing, randomHeap } from './random-heap.js';

const GRAPHS = 300;

function naiveRetained(
  snapshot: HeapSnapshot,
  { keys, classOf }: ClassTable,
  { idom, retainedSize }: Dominance,
) {
  const bytes = keys.map(() => 0);
  for (let node = 0; node < snapshot.nodeCount; node++) {
    let inside = false;
    for (let at = node; at !== 0 && !inside; ) {
      at = idom[at]!;
      inside = at !== node && classOf[at] === classOf[node] && sizeOf(snapshot, at) > 0;
    }
    if (!inside && sizeOf(snapshot, node) > 0) bytes[classOf[node]!]! += retainedSize[node]!;
  }
  return bytes;
}

describe('the class histogram', () => {
  it('counts the objects of each class and their bytes, without small integers', async () => {
    const snapshot = await parseDrawing(`
      order*3: object Order 24
      text*2: string planted-secret-# 40
      rope: concatenated string rope 32
      small: number smi 0
    `);
    const rows = classHistogram(snapshot, new ClassNames(snapshot, []), null);
    assert.deepEqual(
      rows.map(({ className, count, bytes }) => [className, count, bytes]),
      [
        ['Order', 3, 72],
        ['string', 3, 112],
      ],
    );
  });

  it('adds up what the objects of a class retain, without counting one inside another again', async () => {
    const snapshot = await parseDrawing(`
      outer: object Node 10
      inner: object Node 10
      text: string x 100
      lone: object Node 10
      root -property a-> outer
      root -property b-> lone
      outer -property next-> inner
      inner -property text-> text
    `);
    const table = classTable(snapshot, new ClassNames(snapshot, []));
    const retained = retainedByClass(snapshot, table, naiveDominators(snapshot));
    const of = (name: string) => retained[table.keys.findIndex(({ className }) => className === name)];
    assert.equal(of('Node'), 130);
    assert.equal(of('string'), 100);
  });

  it('adds up retained sizes right on random graphs', async () => {
    let nested = 0;
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const snapshot = await randomHeap(seed);
      const table = classTable(snapshot, new ClassNames(snapshot, []));
      const heap = naiveDominators(snapshot);
      const expected = naiveRetained(snapshot, table, heap);
      assert.deepEqual([...retainedByClass(snapshot, table, heap)], expected, `seed ${seed}`);
      const plain = table.keys.map(() => 0);
      for (let node = 0; node < snapshot.nodeCount; node++)
        plain[table.classOf[node]!]! += heap.retainedSize[node]!;
      if (plain.some((bytes, id) => bytes > expected[id]!)) nested++;
    }
    assert.ok(nested > GRAPHS / 4, 'many of the graphs nest objects of one class');
  });
});
