import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LeakwatchError } from '../../../src/errors.js';
import { parseSnapshot } from '../../../src/heap/snapshot/snapshot-parser.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { seededRandom } from '../../support/seeded-random.js';

const INPUTS = 100_000;
const MAX_GROWTH_BYTES = 256 << 20;
const DRAWING = `
  global: object global
  map: object Map 32
  table: array "" 144
  big: native "system / JSArrayBufferData" 5000000000
  order*3: object Order 24
  note: string "planted \\\\ text"
  root -shortcut 1-> global
  global -property orders-> map
  global -property note-> note
  map -internal table-> table
  map -weak 3-> big
  table -internal #*3+6-> order
`;
const SEEDS = [
  ...(['node-20', 'node-24'] as const).map((style) => Buffer.from(drawHeap(DRAWING, style))),
  Buffer.from(
    Buffer.from(drawHeap(DRAWING)).toString().replace('"locations":[]', '"locations":[7,3,10,4,\n14,3,11,0]'),
  ),
];
const PIECES = [
  ...['', '0', '9', '4294967295', '4294967296', '536870912', '99999999999999999999', '-1', '1e9', '0.5'],
  ...[',', '[', ']', '{', '}', '"', '\\', '\\u12', '\\u0041', ' ', '\n', 'null', 'true', '\u0000', '\u00ff'],
  ...['"nodes":[', '"edges":[', '"strings":[', '"snapshot":{', '"locations":[1,2,3,4],'],
].map((piece) => Buffer.from(piece));

type Random = ReturnType<typeof seededRandom>;

/** One to four edits: bytes changed, cut out, put in, doubled, or the end cut off. */
function mutate(random: Random): Buffer {
  let bytes = SEEDS[random.below(SEEDS.length)]!;
  for (let edits = 1 + random.below(4); edits > 0; edits--) {
    const at = random.below(bytes.length);
    const kind = random.below(8);
    const cut = kind === 0 ? random.below(400) : random.below(6);
    const piece =
      kind <= 4
        ? PIECES[random.below(PIECES.length)]!
        : kind === 5
          ? bytes.subarray(at, at + random.below(200))
          : Buffer.from([random.below(256)]);
    bytes = Buffer.concat([
      bytes.subarray(0, at),
      piece,
      kind === 7 ? Buffer.alloc(0) : bytes.subarray(at + cut),
    ]);
  }
  return bytes;
}

it(`reads or refuses ${INPUTS} damaged snapshots, with a typed error that names a byte inside or at the end`, async () => {
  const random = seededRandom(3);
  const before = process.memoryUsage.rss();
  let [read, refused] = [0, 0];
  for (let input = 0; input < INPUTS; input++) {
    const bytes = mutate(random);
    try {
      const { nodeCount, edgeTo } = await parseSnapshot(inChunks(bytes, 1 + random.below(900)));
      read++;
      for (const target of edgeTo) assert.ok(target < nodeCount);
    } catch (error) {
      if (!(error instanceof LeakwatchError)) throw error;
      refused++;
      assert.equal(error.code, 'LEAKWATCH_ERR_SNAPSHOT_FORMAT');
      const offset = Number(/at byte (\d+)/.exec(error.message)?.[1]);
      assert.ok(offset >= 0 && offset <= bytes.length, error.message);
    }
  }
  assert.ok(read > INPUTS / 50 && refused > INPUTS / 2, `${read} read, ${refused} refused`);
  const growth = process.memoryUsage.rss() - before;
  assert.ok(growth < MAX_GROWTH_BYTES, `the memory grew by ${growth} bytes`);
});
