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

it('a damaged snapshot is read or refused with a typed error, whatever the chunks', async () => {
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damaged, fc.integer({ min: 1, max: 700 }), async (bytes, chunk) => {
      try {
        await parseSnapshot(inChunks(bytes, chunk));
      } catch (error) {
        refused++;
        assert.ok(error instanceof LeakwatchError, String(error));
        assert.equal(error.code, 'LEAKWATCH_ERR_SNAPSHOT_FORMAT');
      }
    }),
    { numRuns: 4000, seed: 20 },
  );
  assert.ok(refused > 1000, `only ${refused} of the inputs were damaged enough to be refused`);
});

it('an analysis of a damaged snapshot always has an outcome', async () => {
  await fc.assert(
    fc.asyncProperty(damaged, async (bytes) => {
      const result = await analyze({ snapshot: inChunks(bytes), previous: null, capturedAtMs: 0 });
      if (result.outcome === 'failure') {
        assert.equal(result.step, 'parsing');
        assert.match(result.reason, /at byte \d+/);
      }
    }),
    { numRuns: 1000, seed: 21 },
  );
});

it('bytes at random are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
      await assert.rejects(parseSnapshot(inChunks(bytes, 16)), LeakwatchError);
    }),
    { numRuns: 500, seed: 22 },
  );
});
