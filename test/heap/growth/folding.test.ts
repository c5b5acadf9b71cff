import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { captured, inClass } from '../../support/holder.js';
import { analyzeDrawings, growing, type Success } from '../drawn-analysis.js';

const GLOBAL = `
  global: object global 40
  root -shortcut 1-> global
`;

const path = (result: Success, index = 0) =>
  result.suspects[index]!.retainerPath.map(({ edge, edgeType, node }) => `${edgeType} ${edge}: ${node}`);
const counts = (result: Success, index = 0) => result.suspects[index]!.steps.map((step) => step.count);

/** A Map's table as V8 lays it out: 3 counters, 128 buckets, 256 entries of 3 slots, or twice that. */
const mapTable = (entries: number) => {
  const buckets = entries <= 256 ? 128 : 256;
  return { bytes: 8 * (2 + 3 + buckets * 7), first: 3 + buckets };
};

describe('folding', () => {
  it('counts the elements of an array as one step', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        list: object Array 32
        store: array "(object elements)" ${n * 8}
        order*${n}: object Order 24
        global -property orders-> list
        list -element #-> order
        list -internal elements-> store
        store -internal #-> order
      `,
    );
    assert.deepEqual(path(result), ['root : globalThis', 'property orders: Array', 'element []: Order']);
    assert.deepEqual(counts(result), [100, 200, 300]);
    assert.deepEqual(result.suspects[0]!.holder, inClass('globalThis.orders'));
    assert.equal(result.suspects.length, 1);
  });

  it("folds a Map's table away: keys and values are members, an entry counts once", async () => {
    const result = await growing((n) => {
      const { bytes, first } = mapTable(n);
      return `${GLOBAL}
        store: object MemoryStore 24
        map: object Map 32
        table: array "" ${bytes}
        key*${n}: string secret# 32
        session*${n}: object Session 56
        global -property store-> store
        store -property sessions-> map
        map -internal table-> table
        table -internal #*3+${first}-> key
        table -internal #*3+${first + 1}-> session
      `;
    });
    const [suspect] = result.suspects;
    assert.equal(result.suspects.length, 1);
    assert.deepEqual(path(result).slice(-2), ['property sessions: Map', 'entry entries: Session']);
    assert.deepEqual(suspect?.holder, inClass('MemoryStore.sessions'));
    assert.equal(suspect?.className, 'Session');
    assert.deepEqual(counts(result), [100, 200, 300]);
    assert.deepEqual(
      suspect?.steps.map((step) => step.bytes),
      [8800, 17600, 26400],
    );
  });

  it("folds a Set's table away, and names the private field that the Set hangs on", async () => {
    const result = await growing((n) => {
      const buckets = 256;
      return `${GLOBAL}
        hub: object Hub 24
        set: object Set 32
        table: array "" ${8 * (5 + buckets * 5)}
        client*${n}: object Client 56
        global -property hub-> hub
        hub -property \\#clients-> set
        set -internal table-> table
        table -internal #*2+${3 + buckets}-> client
      `;
    });
    assert.equal(result.suspects.length, 1);
    assert.deepEqual(result.suspects[0]!.holder, inClass('Hub.#clients'));
    assert.deepEqual(path(result).slice(-2), ['property #clients: Set', 'entry entries: Client']);
    assert.deepEqual(counts(result), [100, 200, 300]);
  });

  it('does not take a growing table for growing content', async () => {
    const result = await analyzeDrawings(
      [128, 256, 512, 1024].map(
        (buckets) => `${GLOBAL}
          map: object Map 32
          table: array "" ${8 * (5 + buckets * 7)}
          order*20: object Order 24
          global -property cache-> map
          map -internal table-> table
          table -internal #*3+${3 + buckets}-> order
        `,
      ),
    );
    assert.deepEqual(result.suspects, []);
  });

  it('folds the keys of an object used as a table', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        dict: object Object 24
        store: array "(object properties)" ${n * 24}
        key*${n}: string secret# 32
        value*${n}: string secret# 80
        global -property sessions-> dict
        dict -property user#-> value
        dict -internal properties-> store
        store -internal #-> key
      `,
    );
    assert.equal(result.suspects.length, 1);
    assert.deepEqual(path(result).slice(-1), ['entry []: string']);
    assert.deepEqual(counts(result), [100, 200, 300]);
  });

  it('names a closure variable by its name and its function', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        handler: closure handler 56
        context: object "system / Context" 40
        info: code "system / ScopeInfo" 40
        shared: code handler 56
        script: code "file:///srv/app/src/orders.js" 100
        seen: object Array 32
        order*${n}: object Order 24
        global -property handler-> handler
        handler -internal context-> context
        handler -internal shared-> shared
        shared -internal script-> script
        context -internal scope_info-> info
        context -context seen-> seen
        seen -element #-> order
      `,
    );
    assert.deepEqual(path(result), [
      'root module scope: src/orders.js',
      'variable seen: Array',
      'element []: Order',
    ]);
    assert.deepEqual(result.suspects[0]!.holder, captured('seen', 'handler()'));
  });

  it('names a closure variable by its script where its function has no name', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        handler: closure "" 56
        context: object "system / Context" 40
        info: code "system / ScopeInfo" 40
        shared: code "" 56
        script: code "file:///srv/app/src/orders.js" 100
        seen: object Array 32
        order*${n}: object Order 24
        global -property handler-> handler
        handler -internal context-> context
        handler -internal shared-> shared
        shared -internal script-> script
        context -internal scope_info-> info
        context -context seen-> seen
        seen -element #-> order
      `,
    );
    assert.deepEqual(path(result), [
      'root module scope: src/orders.js',
      'variable seen: Array',
      'element []: Order',
    ]);
    assert.deepEqual(result.suspects[0]!.holder, captured('seen', null, 'src/orders.js'));
  });

  it('tells neither the code that an address may be nor its query where a variable of such a script grows', async () => {
    for (const [address, shown] of [
      ['data:text/javascript,secret/secret', 'data:'],
      ['https://user:secret@host/src/orders.js?secret=/secret', 'src/orders.js'],
    ] as const) {
      const result = await growing(
        (n) => `${GLOBAL}
          handler: closure handler 56
          context: object "system / Context" 40
          info: code "system / ScopeInfo" 40
          shared: code handler 56
          script: code "${address}" 100
          seen: object Array 32
          order*${n}: object Order 24
          global -property handler-> handler
          handler -internal context-> context
          handler -internal shared-> shared
          shared -internal script-> script
          context -internal scope_info-> info
          context -context seen-> seen
          seen -element #-> order
        `,
      );
      assert.equal(path(result)[0], `root module scope: ${shown}`);
      assert.doesNotMatch(JSON.stringify(result.suspects), /secret|user/);
    }
  });

  it('does not take scopes that are caught in single numbers for growth, such as that of a request in flight', async () => {
    const scope = (i: number) => `
        handler${i}: closure handler${i} 56
        context${i}: object "system / Context" 40
        info${i}: code "system / ScopeInfo" 40
        shared${i}: code handler${i} 56
        request${i}: object Request 90000
        global -property handler${i}-> handler${i}
        handler${i} -internal context-> context${i}
        handler${i} -internal shared-> shared${i}
        shared${i} -internal script-> script
        context${i} -internal scope_info-> info${i}
        context${i} -context request-> request${i}
      `;
    const drawing = (n: number) => `${GLOBAL}
        script: code "file:///srv/app/src/orders.js" 100
        ${Array.from({ length: n }, (_, i) => scope(i)).join('')}
      `;
    assert.deepEqual((await analyzeDrawings([1, 2, 3, 4].map(drawing))).suspects, []);
  });

  it('makes one node of a linked list', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        head: object Entry 32
        ${Array.from({ length: n }, (_, i) => `e${i}: object Entry 32`).join('\n')}
        global -property head-> head
        head -property next-> e0
        ${Array.from({ length: n - 1 }, (_, i) => `e${i} -property next-> e${i + 1}`).join('\n')}
      `,
    );
    assert.deepEqual(path(result).slice(-2), ['property head: Entry', 'property next: Entry']);
    assert.deepEqual(counts(result), [100, 200, 300]);
  });

  it('makes one accumulation of a ring that is linked both ways', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        ring: object List 32
        ${Array.from({ length: n }, (_, i) => `e${i}: object Entry 32`).join('\n')}
        global -property ring-> ring
        ring -property next-> e0
        ring -property previous-> e${n - 1}
        ${Array.from({ length: n - 1 }, (_, i) => `e${i} -property next-> e${i + 1}\ne${i + 1} -property previous-> e${i}`).join('\n')}
      `,
    );
    assert.equal(result.suspects.length, 1);
    assert.deepEqual(counts(result), [100, 200, 300]);
  });

  it('makes one accumulation of a list that is linked both ways and held at both ends', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        queue: object Queue 32
        ${Array.from({ length: n }, (_, i) => `e${i}: object Entry 32`).join('\n')}
        global -property queue-> queue
        queue -property head-> e0
        queue -property tail-> e${n - 1}
        ${Array.from({ length: n - 1 }, (_, i) => `e${i} -property next-> e${i + 1}\ne${i + 1} -property previous-> e${i}`).join('\n')}
      `,
    );
    assert.equal(result.suspects.length, 1);
    assert.deepEqual(result.suspects[0]!.holder, inClass('Queue.head'));
    // Both ends are fields of the queue.
    assert.deepEqual(counts(result), [98, 198, 298]);
  });

  it('does not count the prototype of an object used as a table', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        byMail: object Object 24
        prototype: object Object 24
        user*${n}: object Object 56
        global -property byMail-> byMail
        byMail -property __proto__-> prototype
        byMail -property user#-> user
      `,
    );
    assert.deepEqual(counts(result), [100, 200, 300]);
  });

  it('marks what V8 keeps for itself and ranks it last', async () => {
    const result = await growing(
      (n) => `${GLOBAL}
        list: object Array 32
        order*${n}: object Order 24
        code*${n}: code "" 4000
        global -property orders-> list
        list -element #-> order
        global -internal #-> code
      `,
    );
    assert.deepEqual(
      result.suspects.map(({ className, artefact }) => [className, artefact !== null]),
      [
        ['Order', false],
        ['(compiled code)', true],
      ],
    );
  });

  it('marks what leakwatch itself holds, wherever it is installed', async () => {
    const own = new URL('../../../src/sampling/window.js', import.meta.url).href;
    const result = await growing(
      (n) => `
        native: hidden "system / NativeContext"
        watch: closure watch
        context: object "system / Context"
        info: code "system / ScopeInfo"
        shared: code watch
        script: code "${own}"
        samples: object Array
        sample*${n}: object Sample
        root -internal 1-> watch
        watch -internal context-> context
        watch -internal shared-> shared
        shared -internal script-> script
        context -internal scope_info-> info
        context -internal previous-> native
        context -context samples-> samples
        samples -element #-> sample
      `,
    );
    assert.equal(result.suspects[0]?.className, 'Sample');
    assert.equal(result.suspects[0].artefact, 'leakwatch');
  });
});
