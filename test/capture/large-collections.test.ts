import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { createContext, runInContext, runInNewContext } from 'node:vm';
import { findCollections } from '../../src/capture/large-collections.js';
import type { NativeBinding } from '../../src/native/binding.js';
import { binding, unavailable } from '../native/forked-job.js';

const THRESHOLD = 700;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function members(count = THRESHOLD + 1): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function sizeOf(collection: object): number {
  return collection instanceof Map || collection instanceof Set
    ? collection.size
    : Object.keys(collection).length;
}

/** In this process, where nothing else runs; the walk is the same in a child. */
function found(over: Partial<NativeBinding> = {}): readonly object[] {
  collect();
  return findCollections({ ...binding(), ...over }, THRESHOLD, true);
}

class Store {
  static readonly all = new Set(members(802));
  readonly #entries = Object.fromEntries(members(1105).map((each) => [`key${each}`, each]));
  get size(): number {
    return Object.keys(this.#entries).length;
  }
}

class Counted {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

// Reached through this module's variables only; what is on the stack of this process is not on that of a child.
const inModule = new Map(members(800).map((each) => [each, {}]));
const kept: unknown[] = [];

describe('The quick walk', { skip: unavailable }, () => {
  it("finds what V8's own walk finds, whoever holds it", async () => {
    const context = createContext({ members });
    runInContext('globalThis.held = { inner: members(801) }', context);
    const store = new Store();
    kept.push(context, store);
    const server = createServer();
    const sessions = members(803);
    server.on('request', () => sessions.pop());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const inTimer = members(804);
    const timer = setInterval(() => inTimer.pop(), 1e6);
    try {
      const quick = new Set(found());
      const slow = new Set(binding().largeCollections(THRESHOLD));
      const missed = [...slow].filter((collection) => !quick.has(collection));
      const invented = [...quick].filter((collection) => !slow.has(collection));
      assert.deepEqual([missed.map(sizeOf), invented.map(sizeOf)], [[], []]);
      for (const collection of [inModule, Store.all, sessions, inTimer]) assert.ok(quick.has(collection));
      for (const size of [801, 1105]) assert.ok([...quick].some((each) => sizeOf(each) === size));
      assert.equal(store.size, 1105);
    } finally {
      clearInterval(timer);
      server.close();
    }
  });

  it('counts the objects of each class', () => {
    kept.push(members(1234).map((each) => new Counted(each)));
    found();
    const rows = binding().census();
    const at = rows.findIndex((each) => each instanceof Counted);
    assert.equal(rows[at + 1], 1234);
    assert.ok(Number(rows[at + 2]) >= 1234 * 16);
    assert.equal(Number(rows[at + 2]) % 1234, 0);
  });

  it("gives way to V8's own where it misses what was hidden for it, and where memory is short", () => {
    const slow = [{}];
    let asked = 0;
    const largeCollections = () => {
      asked += 1;
      return slow;
    };
    const halfBlind = (roots: readonly object[], samples: readonly object[], threshold: number) =>
      binding().walkCollections(
        roots,
        samples.filter((sample) => !(sample instanceof Map)),
        threshold,
        false,
      );
    assert.equal(found({ largeCollections, walkCollections: halfBlind }), slow);
    assert.equal(found({ largeCollections, walkCollections: () => null }), slow);
    assert.equal(asked, 2);
  });
});
