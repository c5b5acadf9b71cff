import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namesOf } from '../../support/holder.js';
import { analyzeDrawings, growing } from '../drawn-analysis.js';

const GLOBAL = `
  global: object global 40
  root -shortcut 1-> global
`;

describe('one bug with several holders', () => {
  it('is named by the one that holds the newest members', async () => {
    // The log is reached first, but lags behind: it never has the latest ten.
    const result = await growing(
      (n) => `${GLOBAL}
        log: object Log 32
        book: object OrderBook 32
        orders: object Array 32
        old*${n - 10}: object Order 24
        new*10: object Order 24
        global -property log-> log
        global -property book-> book
        book -property orders-> orders
        log -element #-> old
        orders -element #-> old
        orders -element #+${n - 10}-> new
      `,
    );
    assert.deepEqual(result.suspects.map(namesOf), [['OrderBook.orders', ['globalThis.log']]]);
    assert.equal(result.suspects[0]?.shareOfGrowth, 1);
  });

  it('is not named by a holder of what hangs on the members', async () => {
    const inside = await growing(
      (n) => `${GLOBAL}
        deep: object Registry 32
        deeper: object Registry 32
        names: object Array 32
        users: object Array 32
        user*${n}: object User 40
        profile*${n}: object Profile 90
        global -property users-> users
        global -property deep-> deep
        deep -property inner-> deeper
        deeper -property names-> names
        users -element #-> user
        user -property profile-> profile
        names -element #-> profile
      `,
    );
    assert.deepEqual(inside.suspects.map(namesOf), [['globalThis.users', ['Registry.names']]]);
  });

  it('stays two where two holders hold objects of their own', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        one: object Array 32
        other: object Array 32
        order*${n}: object Order 24
        log*${n}: object Log 24
        global -property orders-> one
        global -property logs-> other
        one -element #-> order
        other -element #-> log
      `,
    );
    assert.deepEqual(
      result.suspects.map(({ alsoHeldBy }) => alsoHeldBy),
      [undefined, undefined],
    );
  });

  it('does not count what calls in progress hold for the moment among the suspects of the program', async () => {
    const result = await analyzeDrawings(
      [10, 40, 90].map(
        (n) => `${GLOBAL}
          roots: synthetic "(GC roots)" 0
          handles: synthetic "(Handle scope)" 0
          value*${n}: object Value 24
          root -element 1-> roots
          roots -element 1-> handles
          handles -internal #-> value
        `,
      ),
    );
    assert.deepEqual(
      result.suspects.map(({ artefact }) => artefact),
      ['calls-in-progress'],
    );
  });
});

describe('what is told of the content', () => {
  it('leaves out keys that look like data, also of small tables', async () => {
    const keys = ['planted-secret', 'a@b.example', 'x/y', 'deadbeefdeadbeef', 'order 7', '4711', 'user12345'];
    const result = await growing(
      (n) => `${GLOBAL}
        list: object Array 32
        record*${n}: object Object 40
        value*${n}: object Value 24
        global -property list-> list
        list -element #-> record
        ${keys.map((key) => `record -property ${key}-> value`).join('\n')}
        record -property amount-> value
      `,
    );
    assert.deepEqual(result.suspects[0]?.fields, ['amount']);
    const text = JSON.stringify(result.suspects);
    for (const key of keys) assert.ok(!text.includes(key), key);
  });

  it('leaves out all keys of an object that V8 keeps as a hash table', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        list: object Array 32
        record*${n}: object Object 40
        store*${n}: array "(object properties)" 200
        value*${n}: object Value 24
        global -property list-> list
        list -element #-> record
        record -internal properties-> store
        record -property alice-> value
      `,
    );
    assert.deepEqual(result.suspects[0]?.fields, []);
  });
});
