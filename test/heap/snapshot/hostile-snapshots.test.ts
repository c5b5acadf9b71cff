import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { LeakwatchError } from '../../../src/errors.js';
import { analyze } from '../../../src/heap/analysis.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';

const WHOLE = Buffer.from(
  drawHeap(`
    global: object global
    map: object Map 32
    table: array "" 144
    order*3: object Order 24
    root -shortcut 1-> global
    global -property orders-> map
    map -internal table-> table
    table -internal #*3+6-> order
  `),
);

const edit = fc.record({
  at: fc.nat(WHOLE.length - 1),
  remove: fc.nat(12),
  insert: fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '9',
      '99999999999999999999',
      '-',
      ',',
      '[',
      ']',
      '{',
      '}',
      '"',
      '\\',
      '\\u12',
      ' ',
      'null',
      '\u0000',
    ),
    fc.string({ maxLength: 6 }),
  ),
});
const damaged = fc
  .array(edit, { minLength: 1, maxLength: 4 })
  .map((edits) =>
    edits.reduce(
      (bytes, { at, remove, insert }) =>
        Buffer.concat([bytes.subarray(0, at), Buffer.from(insert), bytes.subarray(at + remove)]),
      WHOLE,
    ),
  );

it('a header that claims four billion nodes and edges is refused before memory is allocated for them', async () => {
  const before = process.memoryUsage.rss();
  const text = WHOLE.toString();
  for (const name of ['node_count', 'edge_count']) {
    const lie = text.replace(new RegExp(`"${name}":\\d+`), `"${name}":4294967294`);
    assert.notEqual(lie, text);
    await assert.rejects(parseSnapshot(inChunks(Buffer.from(lie))), /where the header says/);
  }
  const growth = process.memoryUsage.rss() - before;
  assert.ok(growth < 64 << 20, `the memory grew by ${growth} bytes`);
});

it('endless digits are refused once they no longer fit a number', async () => {
  async function* endless() {
    yield WHOLE.subarray(0, WHOLE.indexOf('"nodes":[') + '"nodes":['.length);
    for (;;) yield Buffer.alloc(4096, '7');
  }
  await assert.rejects(parseSnapshot(endless()), /too large/);
});

it('an analysis of a damaged snapshot always has an outcome', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      const result = await analyze({ snapshot: inChunks(bytes), previous: null, capturedAtMs: 0 });
      if (result.outcome === 'failure') {
        assert.equal(result.step, 'parsing');
        assert.equal(result.cause.kind, 'format');
      }
    }),
    { numRuns: 1000, seed: 21 },
  );
});

it('random bytes are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await assert.rejects(parseSnapshot(inChunks(bytes, 16)), LeakwatchError);
    }),
    { numRuns: 500, seed: 22 },
  );
});
