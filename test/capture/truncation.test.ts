import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as namespace from 'node:util';
import { runInThisContext } from 'node:vm';
import { SAMPLED_MARK, truncateCollections } from '../../src/capture/truncation.js';

const BOUNDS = { threshold: 50, keepOldest: 10, keepNewest: 20 };
const SIZE = 200;
const indices = Array.from({ length: SIZE }, (_, index) => index);
const KEPT = [...indices.slice(0, 10), ...indices.slice(-20)];

const truncate = (...collections: object[]) => truncateCollections(collections, BOUNDS);
const markOf = (collection: object) => Object.getOwnPropertyDescriptor(collection, SAMPLED_MARK);

/** Anything that runs code of the program fails the test. */
const trap = (): never => {
  throw new Error('code of the program ran');
};
const members = (): { index: number }[] => indices.map((index) => ({ index }));
const keyed = (target: object, key: (index: number) => string = (index) => `key-${index}`): object => {
  for (const index of indices) Reflect.set(target, key(index), { index });
  return target;
};

describe('truncateCollections', () => {
  it('keeps the oldest and the newest members of each kind in their order, and says what there was', () => {
    const array = members();
    const map = new Map(indices.map((index) => [`key-${index}`, index]));
    const set = new Set(indices);
    const table = keyed({});
    const bare = keyed(Object.create(null));
    const counted = keyed({}, (index) => String(index * 1_000_003));
    assert.deepEqual(truncate(array, map, set, table, bare, counted), { truncated: 6, dropped: 6 * 170 });
    assert.deepEqual(
      array.map(({ index }) => index),
      KEPT,
    );
    assert.deepEqual(
      [...map],
      KEPT.map((index) => [`key-${index}`, index]),
    );
    assert.deepEqual([...set], KEPT);
    for (const object of [table, bare])
      assert.deepEqual(
        Object.keys(object),
        KEPT.map((index) => `key-${index}`),
      );
    assert.deepEqual(
      Object.keys(counted),
      KEPT.map((index) => String(index * 1_000_003)),
    );
    for (const collection of [array, map, set, table, bare, counted])
      assert.deepEqual([markOf(collection)?.value, markOf(collection)?.enumerable], ['30/200', false]);
  });

  it('leaves whole what has no more members than the threshold', () => {
    const array = members().slice(0, 50);
    const map = new Map(array.map((member) => [member, member]));
    assert.deepEqual(
      truncate(array, map, new Set(array), {}, () => {}),
      { truncated: 0, dropped: 0 },
    );
    assert.equal(array.length, 50);
    assert.equal(map.size, 50);
    assert.equal(markOf(array), undefined);
  });

  it('counts the elements of an array with holes, not its length, and closes the holes', () => {
    const holey: number[] = [];
    const sparse: number[] = [];
    for (const index of indices) {
      holey[index * 3] = index;
      sparse[index * 10_000_019] = index;
    }
    const empty = new Array(1_000_000);
    Object.assign(sparse, { note: 'no element' });
    assert.deepEqual(truncate(holey, sparse, empty), { truncated: 2, dropped: 340 });
    assert.deepEqual(holey, KEPT);
    assert.deepEqual([...sparse], KEPT);
    assert.equal(markOf(sparse)?.value, '30/200');
    assert.equal(empty.length, 1_000_000);
  });

  it('leaves whole what can not take the mark', () => {
    const whole = [
      Object.freeze(members()),
      Object.seal(members()),
      Object.preventExtensions(new Map(indices.map((index) => [index, index]))),
      Object.freeze(keyed({})),
      Object.defineProperty(members(), 'length', { writable: false }),
      Object.defineProperty(keyed({}), SAMPLED_MARK, { value: 'mine' }),
    ];
    assert.deepEqual(truncate(...whole), { truncated: 0, dropped: 0 });
    assert.deepEqual(
      whole.map((one) => (one instanceof Map ? one.size : Object.keys(one).length)),
      whole.map(() => SIZE),
    );
  });

  it('does not touch what only looks like a collection', () => {
    const text = Object('x'.repeat(SIZE)) as object;
    const passed = runInThisContext('(function () { return arguments; })')(...indices) as object;
    const others = [
      text,
      passed,
      new Uint8Array(SIZE),
      new Float64Array(SIZE),
      new DataView(new ArrayBuffer(SIZE)),
    ];
    const proxies = [new Proxy(members(), {}), new Proxy(new Map(), {}), new Proxy(keyed({}), {})];
    assert.deepEqual(truncate(...others, ...proxies, namespace), { truncated: 0, dropped: 0 });
    assert.deepEqual(truncate(null as never, 7 as never, undefined as never), { truncated: 0, dropped: 0 });
  });

  it('does not touch the environment', () => {
    const before = Object.keys(process.env);
    for (const index of indices) process.env[`LEAKWATCH_TEST_${index}`] = 'x';
    assert.deepEqual(truncate(process.env), { truncated: 0, dropped: 0 });
    for (const index of indices) delete process.env[`LEAKWATCH_TEST_${index}`];
    assert.deepEqual(Object.keys(process.env), before);
  });

  it('runs no getter, setter, trap or method of a subclass', () => {
    class Guarded extends Map<number, number> {
      armed = false;
      override get size(): number {
        return this.armed ? trap() : super.size;
      }
      override set(key: number, value: number): this {
        return this.armed ? trap() : super.set(key, value);
      }
      override clear(): void {
        trap();
      }
      override forEach(): void {
        trap();
      }
      override [Symbol.iterator](): never {
        return trap();
      }
    }
    class List extends Array<object> {
      static override get [Symbol.species](): ArrayConstructor {
        return trap();
      }
    }
    const map = new Guarded();
    for (const index of indices) map.set(index, index);
    map.armed = true;
    const list = new List();
    list.push(...members());
    Object.defineProperty(list, 3, { get: trap, set: trap, enumerable: true, configurable: true });
    const watched = new Proxy(keyed({}), new Proxy({}, { get: trap }));
    const table: object = Object.setPrototypeOf(keyed({}), watched);
    for (const index of [1, 100, 199])
      Object.defineProperty(table, `key-${index}`, { get: trap, set: trap, enumerable: true });
    assert.deepEqual(truncate(watched, map, list, table), { truncated: 3, dropped: 510 });
    map.armed = false;
    assert.deepEqual([...map.keys()], KEPT);
    assert.equal(list.length, 30);
    assert.equal(markOf(list)?.value, '30/200');
    assert.equal(Object.keys(table).length, 30);
  });

  it('runs nothing that the program put in the place of a built-in', () => {
    const collections = [
      members(),
      new Map(indices.map((index) => [index, index])),
      new Set(indices),
      keyed({}),
    ];
    // Made and taken back without anything that is patched in between.
    const { defineProperty, deleteProperty } = Reflect;
    let undo = () => {};
    const patch = (target: object, name: string | symbol, change: PropertyDescriptor) => {
      const before = Object.getOwnPropertyDescriptor(target, name);
      const [next, own] = [undo, Object.assign(Object.create(null), before) as PropertyDescriptor];
      undo = () => {
        if (before === undefined) deleteProperty(target, name);
        else defineProperty(target, name, own);
        next();
      };
      return { target, name, change: Object.assign(Object.create(null), change, { configurable: true }) };
    };
    const patches = [
      ...[Array.prototype, Map.prototype, Set.prototype].flatMap((prototype) =>
        Reflect.ownKeys(prototype)
          .filter((name) => name !== 'constructor' && name !== 'length')
          .map((name) => patch(prototype, name, { get: trap })),
      ),
      patch(Array.prototype, '0', { get: trap, set: trap }),
      patch(Object.prototype, SAMPLED_MARK, { get: trap, set: trap }),
      ...['defineProperty', 'deleteProperty', 'apply', 'getOwnPropertyDescriptor'].map((name) =>
        patch(Reflect, name, { value: trap }),
      ),
      patch(Object.prototype, 'hasOwnProperty', { value: trap }),
      patch(Function.prototype, 'call', { value: trap }),
      patch(Object.prototype, 'value', { get: trap, set: trap }),
      patch(Object.prototype, 'get', { get: trap, set: trap }),
    ];
    let result = { truncated: 0, dropped: 0 };
    try {
      for (let at = 0; at < patches.length; at++)
        defineProperty(patches[at]!.target, patches[at]!.name, patches[at]!.change);
      result = truncateCollections(collections, BOUNDS);
    } finally {
      undo();
    }
    assert.deepEqual(result, { truncated: 4, dropped: 680 });
    assert.deepEqual([...(collections[2] as Set<number>)], KEPT);
  });

  it('says how many members stayed where some could not go', () => {
    const array = members();
    Object.defineProperty(array, 99, { configurable: false });
    const table = keyed({});
    Object.defineProperty(table, 'key-99', { configurable: false });
    assert.deepEqual(truncate(array, table), { truncated: 2, dropped: 100 + 169 });
    assert.deepEqual([array.length, markOf(array)?.value], [100, '100/200']);
    assert.deepEqual([Object.keys(table).length, markOf(table)?.value], [31, '31/200']);
  });

  it('handles a collection inside another, a class, a prototype and the global object', () => {
    class Registry {}
    keyed(Registry);
    keyed(Registry.prototype);
    const inner = members();
    const outer = new Map<number, unknown>(indices.map((index) => [index, inner]));
    keyed(globalThis, (index) => `leakwatch-test-${index}`);
    assert.equal(truncate(outer, inner, Registry, Registry.prototype).truncated, 4);
    assert.equal(inner.length, 30);
    const shown = Object.keys(globalThis).length;
    const { dropped } = truncate(globalThis);
    assert.equal(Object.keys(globalThis).length, shown - dropped);
    assert.equal(typeof globalThis.process, 'object');
    for (const name of Object.keys(globalThis))
      if (name.startsWith('leakwatch-test-')) Reflect.deleteProperty(globalThis, name);
    Reflect.deleteProperty(globalThis, SAMPLED_MARK);
  });
});
