import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
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

const root = {
  parent: -1,
  edge: '',
  edgeKind: 0,
  className: '',
  nodeKind: 5,
  artefact: 0,
  cut: false,
  scaled: false,
  counts: [0],
  bytes: [0],
  entries: [0],
};

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
      assert.deepEqual(result.notes, [{ kind: 'series-restarted' }]);
    }
  });

  it('refuses a series with a figure or a place missing', () => {
    const wire = { format: 'leakwatch-series-3', times: [1], heapBytes: [2], classes: [], names: [''] };
    const node = [-1, 0, 0, 0, 5, 0, [1], [1], [1]];
    const decode = (nodes: unknown) => decodeSeries(deflateRawSync(JSON.stringify({ ...wire, nodes })));
    assert.ok(decode([node]) !== null);
    assert.equal(decode([node.with(6, [1, 2])]), null);
    assert.equal(decode([node, node.with(0, 1)]), null);
    assert.equal(decode([node.with(1, 7)]), null);
    assert.equal(decode([]), null);
  });

  it('keeps the place and the shape of a class', () => {
    const row = { counts: [1, 5], bytes: [10, 50] };
    const classes = [
      {
        className: 'Entry',
        location: { script: 'file:///app/a.js', line: 5, column: 12 },
        shape: null,
        ...row,
      },
      { className: 'Object', location: null, shape: '{customer, items}', ...row },
      { className: 'Eval', location: { script: '', line: 1, column: 1 }, shape: null, ...row },
    ];
    const series: GrowthSeries = {
      times: [0, 1],
      heapBytes: [1, 2],
      classes,
      nodes: [{ ...root, counts: [0, 0], bytes: [0, 0], entries: [0, 0] }],
    };
    assert.deepEqual(decodeSeries(encodeSeries(series).bytes)?.classes, classes);
  });

  it('refuses a class whose place or shape is none', () => {
    const decode = (row: readonly unknown[]) =>
      decodeSeries(
        deflateRawSync(
          JSON.stringify({
            format: 'leakwatch-series-3',
            times: [1],
            heapBytes: [2],
            classes: [row],
            nodes: [[-1, 0, 0, 0, 5, 0, [1], [1], [1]]],
            names: ['', 'Entry', '{a}'],
          }),
        ),
      );
    const good: readonly unknown[] = [1, -1, 0, 5, 12, [3], [30]];
    assert.equal(decode(good)?.classes[0]?.location?.line, 5);
    const bad = [good.with(1, 3), good.with(1, -2), good.with(2, 'x'), good.with(3, 0), good.with(4, 1.5)];
    for (const row of [...bad, good.with(5, [1, 2]), good.slice(1), [], null]) {
      assert.equal(decode(row as readonly unknown[]), null, JSON.stringify(row));
    }
  });

  it('stays below its bound by giving up the classes that grew least, however long their names are', () => {
    const classes = Array.from({ length: 8000 }, (_, index) => ({
      className: randomBytes(100).toString('hex'),
      location: { script: randomBytes(100).toString('hex'), line: index + 1, column: 1 },
      shape: null,
      counts: [0],
      bytes: [8000 - index],
    }));
    const { bytes } = encodeSeries({ times: [0], heapBytes: [1], classes, nodes: [root] });
    assert.ok(bytes.length <= MAX_SERIES_BYTES);
    const kept = decodeSeries(bytes)?.classes ?? [];
    assert.ok(kept.length > 1000);
    assert.deepEqual(kept, classes.slice(0, kept.length));
  });

  it('of an older version is not read', () => {
    const { bytes } = encodeSeries({ times: [0], heapBytes: [1], classes: [], nodes: [root] });
    const older = inflateRawSync(bytes).toString().replace('leakwatch-series-3', 'leakwatch-series-2');
    assert.ok(decodeSeries(bytes) !== null);
    assert.equal(decodeSeries(deflateRawSync(older)), null);
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
      scaled: false,
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
