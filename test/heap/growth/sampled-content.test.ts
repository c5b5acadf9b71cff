import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SAMPLED_MARK } from '../../../src/capture/truncation.js';
import { analyze } from '../../../src/heap/analysis.js';
import {
  dictionaryBytes,
  elementsBytes,
  orderedTableBytes,
  PREFIX,
} from '../../../src/heap/growth/store-size.js';
import { MARK_NAME } from '../../../src/heap/snapshot/sampled-marks.js';
import { drawHeap, inChunks } from '../../support/drawn-heap.js';
import { analyzeDrawings, type Success } from '../drawn-analysis.js';

const GLOBAL = `
  global: object global 40
  root -shortcut 1-> global
`;
const KEPT = 40;

/** A collection of `total` members, of which the drawing has `kept`, and a mark where that is not all. */
interface Part {
  readonly total: number;
  readonly kept: number;
}
type Draw = (part: Part) => string;

const whole = (total: number): Part => ({ total, kept: total });
const sampled = (total: number): Part => ({ total, kept: KEPT });

function mark(holder: string, { total, kept }: Part): string {
  if (kept === total) return '';
  return `
    mark_${holder}: string "${kept}/${total}" 32
    ${holder} -property ${MARK_NAME}-> mark_${holder}`;
}

const array: Draw = ({ total, kept }) => `${GLOBAL}
  list: object Array 32
  store: array "(object elements)" ${elementsBytes(kept)}
  order*${kept}: object Order 24
  item*${kept}: object Item 64
  global -property orders-> list
  list -element #-> order
  list -internal elements-> store
  store -internal #-> order
  order -property item-> item
  ${mark('list', { total, kept })}`;

const map: Draw = ({ total, kept }) => {
  const bytes = orderedTableBytes(kept, 3);
  const first = 3 + 2 ** Math.ceil(Math.log2(kept)) / 2;
  return `${GLOBAL}
  store: object MemoryStore 24
  map: object Map 32
  table: array "" ${bytes}
  key*${kept}: string secret# 32
  session*${kept}: object Session 56
  global -property store-> store
  store -property sessions-> map
  map -internal table-> table
  table -internal #*3+${first}-> key
  table -internal #*3+${first + 1}-> session
  ${mark('map', { total, kept })}`;
};

const set: Draw = ({ total, kept }) => `${GLOBAL}
  set: object Set 32
  table: array "" ${orderedTableBytes(kept, 2)}
  token*${kept}: object Token 56
  global -property seen-> set
  set -internal table-> table
  table -internal #*2+${3 + 2 ** Math.ceil(Math.log2(kept)) / 2}-> token
  ${mark('set', { total, kept })}`;

/** V8 has the keys, also that of the mark, in the list of strings that it shares. */
const table: Draw = ({ total, kept }) => `${GLOBAL}
  roots: synthetic "(GC roots)" 0
  strings: synthetic "(Internalized strings)" 0
  root -element 2-> roots
  roots -element 1-> strings
  board: object JobBoard 24
  dict: object Object 24
  store: array "(object properties)" ${dictionaryBytes(kept, PREFIX.names)}
  key*${kept}: string secret# 32
  job*${kept}: object Job 80
  config: object Config 5000
  global -property board-> board
  board -property jobs-> dict
  dict -property config-> config
  dict -property user#-> job
  dict -internal properties-> store
  store -internal #*3+9-> key
  store -internal #*3+10-> job
  store -internal 6-> config
  strings -internal #-> key
  ${mark('dict', { total: total + 1, kept: kept + 1 }).replace('mark_dict:', 'name: string leakwatch.sampled 40\nmark_dict:')}
  ${kept === total ? '' : 'store -internal 3-> name\nstore -internal 4-> mark_dict\nstrings -internal 100000-> name'}`;

async function series(draw: Draw, parts: readonly Part[]): Promise<Success> {
  return analyzeDrawings(parts.map(draw));
}

const SIZES = [100, 200, 400];

/** Of a suspect, what must be the same whether the heap was sampled or not. */
function told({ suspects }: Success) {
  return suspects.map(({ scaled: _, fields: _fields, ...suspect }) => suspect);
}

describe('a sampled snapshot', () => {
  it('has the name of the mark that the capture leaves', () => {
    assert.equal(MARK_NAME, SAMPLED_MARK);
  });

  for (const [name, draw] of Object.entries({ array, map, set, table })) {
    it(`tells the same of a growing ${name} as a whole one: suspects, counts, bytes, classes`, async () => {
      const full = await series(draw, SIZES.map(whole));
      const part = await series(draw, SIZES.map(sampled));
      assert.equal(full.suspects.length, 1);
      assert.deepEqual(told(part), told(full));
      assert.deepEqual(part.classes, full.classes);
      assert.equal(part.heapBytes, full.heapBytes);
      assert.deepEqual([part.scaled, part.suspects[0]!.scaled], [true, true]);
      assert.deepEqual([full.scaled, full.suspects[0]!.scaled], [undefined, undefined]);
    });

    it(`of a ${name} goes on where whole ones left off, and the other way round`, async () => {
      const full = await series(draw, SIZES.map(whole));
      assert.deepEqual(told(await series(draw, [whole(100), whole(200), sampled(400)])), told(full));
      assert.deepEqual(told(await series(draw, [sampled(100), sampled(200), whole(400)])), told(full));
      for (const parts of [
        [whole(200), whole(200), sampled(200)],
        [whole(200), sampled(200), sampled(200)],
      ])
        assert.deepEqual((await series(draw, parts)).suspects, []);
    });
  }

  it('is read whatever the chunks it comes in', async () => {
    const bytes = drawHeap(array(sampled(1000)));
    const expected = await analyze({ snapshot: inChunks(bytes), previous: null, capturedAtMs: 0 });
    assert.ok(expected.outcome === 'success' && expected.scaled === true);
    for (let size = 1; size < 50; size++) {
      const result = await analyze({ snapshot: inChunks(bytes, size), previous: null, capturedAtMs: 0 });
      assert.ok(result.outcome === 'success');
      assert.deepEqual([result.classes, result.heapBytes], [expected.classes, expected.heapBytes]);
    }
  });

  it('counts once what the members share, and for each what it alone holds', async () => {
    const shared = (part: Part) => `${array(part)}
      tenant: object Tenant 4000
      plan: object Plan 700
      order -property tenant-> tenant
      tenant -property plan-> plan
      map: hidden "system / Map" 72
      order -internal map-> map`;
    const full = await series(shared, SIZES.map(whole));
    const part = await series(shared, SIZES.map(sampled));
    assert.deepEqual(part.classes, full.classes);
    assert.equal(part.heapBytes, full.heapBytes);
    assert.deepEqual(told(part), told(full));
  });

  it('does not scale what something else than the collection holds as well', async () => {
    // A cache with its members in a list, by age: all of them are in the file.
    const cache = (part: Part) => {
      const chain = Array.from({ length: part.total }, (_, at) => `e${at}`);
      return `${GLOBAL}
        cache: object Cache 24
        map: object Map 32
        table: array "" ${orderedTableBytes(part.kept, 3)}
        ${chain.map((entry) => `${entry}: object Entry 56`).join('\n')}
        global -property cache-> cache
        cache -property byKey-> map
        cache -property oldest-> e0
        map -internal table-> table
        ${chain
          .slice(-part.kept)
          .map((entry, at) => `table -internal ${at * 3 + 300}-> ${entry}`)
          .join('\n')}
        ${chain
          .slice(1)
          .map((entry, at) => `e${at} -property newer-> ${entry}`)
          .join('\n')}
        ${mark('map', part)}`;
    };
    const full = await series(cache, SIZES.map(whole));
    const part = await series(cache, SIZES.map(sampled));
    assert.deepEqual(part.classes, full.classes);
    assert.equal(part.heapBytes, full.heapBytes);
    assert.deepEqual(
      part.suspects.map(({ fingerprint, holder, steps }) => [
        fingerprint,
        holder,
        steps.map(({ count }) => count),
      ]),
      full.suspects.map(({ fingerprint, holder, steps }) => [
        fingerprint,
        holder,
        steps.map(({ count }) => count),
      ]),
    );
  });

  it('says of a leak that no truncation touches that its figures are exact', async () => {
    const list = (part: Part) => `${array({ ...part, total: 500 })}
      ${Array.from({ length: part.total }, (_, at) => `e${at}: object Entry 56`).join('\n')}
      global -property head-> e0
      ${Array.from({ length: part.total - 1 }, (_, at) => `e${at} -property next-> e${at + 1}`).join('\n')}`;
    const { suspects, scaled } = await series(list, SIZES.map(sampled));
    assert.equal(scaled, true);
    assert.equal(suspects.length, 1);
    assert.deepEqual([suspects[0]!.className, suspects[0]!.scaled], ['Entry', undefined]);
    assert.deepEqual(
      suspects[0]!.steps.map(({ count }) => count),
      SIZES.map((size) => size - 1),
    );
  });

  it('gives a member of two collections the path that it has in a whole heap, and counts it once', async () => {
    // Users hang nearer on their sessions than on the list of all users.
    const users = ({ total, kept }: Part) => `${map({ total, kept })}
      user*${kept}: object User 48
      session -property user-> user
      a: object Directory 24
      b: object Directory 24
      c: object Directory 24
      d: object Directory 24
      all: object Array 32
      store2: array "(object elements)" ${elementsBytes(kept)}
      global -property a-> a
      a -property b-> b
      b -property c-> c
      c -property d-> d
      d -property all-> all
      all -internal elements-> store2
      all -element #-> user
      store2 -internal #-> user
      ${mark('all', { total, kept })}`;
    const full = await series(users, SIZES.map(whole));
    const part = await series(users, SIZES.map(sampled));
    assert.deepEqual(told(part), told(full));
    assert.deepEqual(part.classes, full.classes);
  });

  it('multiplies where a truncated collection is a member of another', async () => {
    const TENANTS = 80;
    const tenants = (part: Part) => {
      const kept = part.kept === part.total ? TENANTS : KEPT;
      const logs = Array.from(
        { length: kept },
        (_, at) => `
        tenant${at}: object Tenant 48
        log${at}: object Array 32
        store${at}: array "(object elements)" ${elementsBytes(part.kept)}
        line${at}*${part.kept}: object Line 40
        table -internal ${at * 2 + 300}-> tenant${at}
        tenant${at} -property log-> log${at}
        log${at} -internal elements-> store${at}
        log${at} -element #-> line${at}
        store${at} -internal #-> line${at}
        ${mark(`log${at}`, part)}`,
      );
      return `${GLOBAL}
        set: object Set 32
        table: array "" ${orderedTableBytes(kept, 2)}
        global -property tenants-> set
        set -internal table-> table
        ${logs.join('\n')}
        ${mark('set', { total: TENANTS, kept })}`;
    };
    const full = await series(tenants, SIZES.map(whole));
    const part = await series(tenants, SIZES.map(sampled));
    assert.deepEqual(
      part.suspects[0]?.steps.map(({ count }) => count),
      SIZES.map((size) => size * TENANTS),
    );
    assert.deepEqual(told(part), told(full));
    assert.deepEqual(part.classes, full.classes);
  });

  it('takes a mark that says nothing for an ordinary property', async () => {
    for (const text of ['0/100', '200/100', '40/100/1', '40/', 'x', '1/99999999999', '01/40']) {
      const drawing = array({ total: 400, kept: KEPT }).replace(`${KEPT}/400`, text);
      const result = await analyzeDrawings([drawing]);
      assert.equal(result.scaled, undefined, text);
    }
  });
});
