import assert from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import { CHILD_EXIT } from '../../src/native/binding.js';
import { binding, type FinishedJob, runJob, unavailable } from './forked-job.js';

/** Header: hidden class, properties, elements. */
const OBJECT_HEADER_BYTES = 24;
const FIELD_BYTES = 8;
const MEMBERS = 2000;
const THRESHOLD = 1000;

const keys = Array.from({ length: MEMBERS }, (_, index) => `key-${index}`);

async function succeeded(job: (output: number) => void): Promise<FinishedJob> {
  const finished = await runJob(job);
  assert.deepEqual([finished.end.exitCode, finished.words.message], [CHILD_EXIT.done, '']);
  return finished;
}

describe('The census of a forked child', { skip: unavailable || missing() }, () => {
  class Planted {
    readonly first: number;
    readonly second: number;
    readonly third: object = {};
    constructor(index: number) {
      this.first = index;
      this.second = index;
    }
  }
  class Derived extends Planted {
    readonly fourth = 4;
  }

  it('counts the living instances of a class and their shallow bytes exactly, and no dead ones', async () => {
    let planted = Array.from({ length: 3000 }, (_, index) => new Planted(index));
    const derived = Array.from({ length: 1234 }, (_, index) => new Derived(index));
    planted = planted.slice(0, 2500);
    const { output } = await succeeded((descriptor) => {
      const rows = binding().census();
      const told = [rowOf(rows, Planted), rowOf(rows, Derived), rows.at(-1), rows.length % 3];
      writeSync(descriptor, JSON.stringify(told));
    });
    assert.deepEqual(JSON.parse(output), [
      [2500, 2500 * (OBJECT_HEADER_BYTES + 3 * FIELD_BYTES)],
      [1234, 1234 * (OBJECT_HEADER_BYTES + 4 * FIELD_BYTES)],
      0,
      1,
    ]);
    assert.equal(planted.length + derived.length, 3734);
  });

  it('gives the same result twice, with a GC in between that moves objects', async () => {
    const kept = Array.from({ length: 500 }, (_, index) => new Planted(index));
    const { output } = await succeeded((descriptor) => {
      const counts = [1, 2].map(() => rowOf(binding().census(), Planted)?.[0]);
      writeSync(descriptor, JSON.stringify(counts));
    });
    assert.deepEqual(JSON.parse(output), [kept.length, kept.length]);
  });

  it('leaves out objects beyond 65,536 hidden classes, and counts them', async () => {
    // A prototype of its own gives an object a hidden class of its own.
    const kept = Array.from({ length: 70_000 }, () => Object.create({}) as object);
    const { output } = await succeeded((descriptor) => {
      const rows = binding().census();
      writeSync(descriptor, JSON.stringify([(rows.length - 1) / 3, (rows.at(-1) as number) >= 4464]));
    });
    assert.deepEqual(JSON.parse(output), [65_536, true]);
    assert.equal(kept.length, 70_000);
  });
});

describe('The large collections of a forked child', { skip: unavailable || missing() }, () => {
  class Cache extends Map<string, number> {}
  class List extends Array<number> {}
  class Store {
    [key: string]: number;
  }
  const fill = <T extends Record<string, number>>(object: T): T => {
    for (const [index, key] of keys.entries()) (object as Record<string, number>)[key] = index;
    return object;
  };
  const entries = keys.map((key, index): [string, number] => [key, index]);
  const sparse: number[] = [];
  sparse[5_000_000] = 1;
  const indexed: Record<number, number> = {};
  for (let index = 0; index < MEMBERS; index++) indexed[index] = index;
  const shrunk = new Map(entries);
  for (const key of keys.slice(10)) shrunk.delete(key);

  const large: Readonly<Record<string, object>> = {
    map: new Map(entries),
    'subclassed map': new Cache(entries),
    set: new Set(keys),
    array: keys,
    'subclassed array': List.from(entries.keys()),
    'frozen array': Object.freeze(keys.slice()),
    'sparse array': sparse,
    dictionary: fill({}),
    'null-prototype dictionary': fill(Object.create(null) as Record<string, number>),
    'dictionary of a class': fill(new Store()),
    'indexed object': indexed,
    'map of another context': runInContext(
      `new Map(Array.from({ length: ${MEMBERS} }, (_, i) => [i, i]))`,
      createContext(),
    ) as object,
    'array of another context': runInContext(`Array.from({ length: ${MEMBERS} })`, createContext()) as object,
  };
  const others: Readonly<Record<string, object>> = {
    'shrunk map': shrunk,
    'small map': new Map(entries.slice(0, THRESHOLD)),
    'small dictionary': Object.fromEntries(entries.slice(0, 500)),
    'typed array': new Float64Array(MEMBERS),
    'weak map': new WeakMap(keys.map((key) => [{ key }, key])),
    proxy: new Proxy(large['map']!, {}),
    environment: process.env,
  };

  it('are the Maps, Sets, arrays and dictionaries with more members than asked, of every kind and context', async () => {
    const { output } = await succeeded((descriptor) => {
      const found = new Set(binding().largeCollections(THRESHOLD));
      const named = (from: Readonly<Record<string, object>>): string[] =>
        Object.keys(from).filter((name) => found.has(from[name]!));
      writeSync(descriptor, JSON.stringify({ large: named(large), others: named(others) }));
    });
    assert.deepEqual(JSON.parse(output), { large: Object.keys(large), others: [] });
  });

  it('are found without running a line of the program', async () => {
    const ran: string[] = [];
    const trap = (name: string) => (): never => {
      ran.push(name);
      throw new Error(`${name} ran`);
    };
    const dictionary = fill({});
    for (const key of keys) Object.defineProperty(dictionary, key, { get: trap('getter'), enumerable: true });
    const told = Object.defineProperties(new Map(entries), {
      [Symbol.toStringTag]: { get: trap('tag') },
      size: { get: trap('size') },
      [Symbol.iterator]: { value: trap('iterator') },
    });
    const handler: ProxyHandler<object> = new Proxy({}, { get: (_, name) => trap(String(name))() });
    const proxied = new Proxy(fill({}), handler);
    class Lively {}
    Object.defineProperty(Lively.prototype, 'constructor', { get: trap('constructor') });
    const lively = Array.from({ length: MEMBERS }, () => new Lively());
    const { output } = await succeeded((descriptor) => {
      const found = binding().largeCollections(THRESHOLD);
      const rows = binding().census();
      writeSync(
        descriptor,
        JSON.stringify([found.includes(dictionary), found.includes(told), rows.length > 100, ran]),
      );
    });
    assert.deepEqual(JSON.parse(output), [true, true, true, []]);
    assert.ok(typeof proxied === 'object' && lively.length === MEMBERS);
  });
});

/** Count and bytes of the instances of a class, which have fields of their own, unlike the prototype of a derived class. */
function rowOf(rows: readonly (object | number)[], { prototype }: { prototype: object }): unknown[] | null {
  const at = rows.findIndex(
    (row) =>
      typeof row === 'object' && Object.getPrototypeOf(row) === prototype && Object.hasOwn(row, 'first'),
  );
  return at < 0 ? null : rows.slice(at + 1, at + 3);
}

/** Some builds of Node export less of V8. */
function missing(): string | false {
  if (unavailable) return unavailable;
  const symbol = binding().missingSymbol;
  return symbol === null ? false : `this Node has no ${symbol}`;
}
