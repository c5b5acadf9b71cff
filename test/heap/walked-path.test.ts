import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RetainerStep } from '../../src/heap/naming/retainer-step.js';
import { parseSnapshot } from '../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../support/drawn-heap.js';
import { GraphWalker } from './walked-path.js';

const step = (edgeType: RetainerStep['edgeType'], edge: string, node: string): RetainerStep => ({
  edge,
  edgeType,
  node,
  nodeType: 'object',
});
const PATH = [
  step('root', '', 'globalThis'),
  step('property', 'store', 'MemoryStore'),
  step('property', 'sessions', 'Map'),
  step('entry', 'entries', 'Session'),
];

describe('the walk that checks paths', () => {
  it('goes all the way of a true path, and ends where an edge, a class or the retaining is not there', async () => {
    const drawing = (edge: string) => `
      global: object global 40
      store: object MemoryStore 24
      map: object Map 32
      table: array "" 152
      session: object Session 40
      root -shortcut 1-> global
      global -property store-> store
      store -${edge} sessions-> map
      map -internal table-> table
      table -internal 5-> session
    `;
    const walk = async (path: readonly RetainerStep[], edge = 'property') =>
      new GraphWalker(await parseSnapshot(inChunks(drawHeap(drawing(edge))))).walk(path).length;
    assert.equal(await walk(PATH), 4);
    assert.equal(await walk(PATH.with(2, step('property', 'visitors', 'Map'))), 2);
    assert.equal(await walk(PATH.with(2, step('property', 'sessions', 'Set'))), 2);
    assert.equal(await walk(PATH.with(3, step('entry', 'entries', 'Visitor'))), 3);
    assert.equal(await walk(PATH.toSpliced(1, 1)), 1);
    assert.equal(await walk(PATH, 'weak'), 2);
  });
});
