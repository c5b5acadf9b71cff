import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { analyze } from '../../../src/heap/analysis.js';
import { type GrowthSeries, MAX_STEPS } from '../../../src/heap/growth/growth-series.js';
import { decodeSeries, encodeSeries, MAX_SERIES_BYTES } from '../../../src/heap/growth/series-codec.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { analyzeDrawings } from '../drawn-analysis.js';

const array = (n: number) => `
  global: object global 40
  list: object Array 32
  order*${n}: object Order 24
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
`;

describe('the series', () => {
  it('keeps the first and the latest 15 snapshots', async () => {
    const result = await analyzeDrawings(Array.from({ length: 20 }, (_, index) => array(100 + index * 20)));
    assert.equal(result.snapshots, MAX_STEPS);
    const steps = result.suspects[0]!.steps;
    assert.equal(steps.length, MAX_STEPS);
    assert.deepEqual([steps[0]!.count, steps[1]!.count, steps.at(-1)!.count], [100, 200, 480]);
    assert.deepEqual([steps[0]!.atMs, steps.at(-1)!.atMs], [0, 19_000]);
  });

  it('begins anew, and says so, when what it is given is not a series', async () => {
    const foreign = [
      randomBytes(500),
      new Uint8Array(0),
      deflateRawSync('{"format":"other"}'),
      deflateRawSync('null'),
    ];
    for (const previous of foreign) {
      const result = await analyze({ snapshot: inChunks(drawHeap(array(50))), previous, capturedAtMs: 0 });
      assert.ok(result.outcome === 'success');
      assert.equal(result.snapshots, 1);
      assert.match(result.notes?.join() ?? '', /could not be read/);
    }
  });

  it('refuses a series with a figure or a place missing', () => {
    const wire = { format: 'leakwatch-series-2', times: [1], heapBytes: [2], classes: [], names: [''] };
    const node = [-1, 0, 0, 0, 5, 0, [1], [1], [1]];
    const decode = (nodes: unknown) => decodeSeries(deflateRawSync(JSON.stringify({ ...wire, nodes })));
    assert.ok(decode([node]) !== null);
    assert.equal(decode([node.with(6, [1, 2])]), null);
    assert.equal(decode([node, node.with(0, 1)]), null);
    assert.equal(decode([node.with(1, 7)]), null);
    assert.equal(decode([]), null);
  });

  it('stays below its bound by giving up small paths that never grew, and keeps the growing one', () => {
    const row = (parent: number, edge: string, counts: number[]) => ({
      parent,
      edge,
      edgeKind: 1,
      className: `C${randomBytes(24).toString('hex')}`,
      nodeKind: 0,
      artefact: 0,
      cut: false,
      counts,
      bytes: counts.map((count) => count * 10),
      entries: counts.map(() => 0),
    });
    const nodes = Array.from({ length: 39_000 }, (_, index) => row(0, `e${index}`, [9, 9]));
    const series: GrowthSeries = {
      times: [0, 1],
      heapBytes: [1, 2],
      classes: [],
      nodes: [row(-1, '', [0, 0]), ...nodes, row(0, 'leak', [1, 2])],
    };
    const { bytes, dropped } = encodeSeries(series);
    assert.ok(bytes.length <= MAX_SERIES_BYTES);
    assert.ok(dropped > 0);
    const kept = decodeSeries(bytes);
    assert.equal(kept?.nodes.length, series.nodes.length - dropped);
    assert.ok(kept?.nodes.some(({ edge }) => edge === 'leak'));
    assert.equal(kept?.nodes[0]?.cut, true);
  });
});
