import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseSnapshot } from '../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../support/drawn-heap.js';

const NODES = 20_000;

it('a parsed heap takes 19 bytes a node and 4 an edge, ids 4 more, and edges of one shape share their labels', async () => {
  const bytes = drawHeap(`
    list: object Array 32
    order*${NODES}: object Order 24
    common: object Template
    root -property orders-> list
    list -element #-> order
    order -property first-> common
    order -property second-> common
    order -property third-> list
  `);
  for (const ids of [false, true]) {
    const snapshot = await parseSnapshot(inChunks(bytes), { ids });
    const { nodeCount, edgeCount, labels } = snapshot;
    const columns = [
      snapshot.nodeType,
      snapshot.nodeName,
      snapshot.selfSize,
      snapshot.nodeLocation,
      snapshot.firstEdge,
      snapshot.firstLabel,
      ...(snapshot.nodeId === null ? [] : [snapshot.nodeId]),
    ];
    const nodeBytes = columns.reduce((sum, column) => sum + column.byteLength, 0);
    assert.ok(nodeBytes <= (ids ? 23 : 19) * nodeCount + 4, `${nodeBytes} bytes for ${nodeCount} nodes`);
    assert.equal(snapshot.edgeTo.byteLength, 4 * edgeCount);
    // The list's own elements, one list for all orders, and the root's.
    assert.ok(labels.length <= NODES + 8, `${labels.length} labels for ${edgeCount} edges`);
  }
});
