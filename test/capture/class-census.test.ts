import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClassCount, censusIncrease, classCensus, MAX_CLASSES } from '../../src/capture/class-census.js';

class Order {}
class SpecialOrder extends Order {}

/** Rows as the addon gives them: one object of each hidden class stands for `count` of them. */
function censusOf(...objects: readonly object[]): readonly ClassCount[] {
  return classCensus([...objects.flatMap((object, at) => [object, at + 1, 10 * (at + 1)]), 0]);
}

function nameOf(object: object): string {
  const [row] = censusOf(object);
  return row?.className ?? assert.fail('no row');
}

describe('A census of classes', () => {
  it('adds up the hidden classes of one constructor, the largest class first', () => {
    const extended = Object.assign(new Order(), { note: 1 });
    assert.deepEqual(censusOf(new Order(), extended, new SpecialOrder()), [
      { className: 'Order', count: 1 + 2, bytes: 10 + 20 },
      { className: 'SpecialOrder', count: 3, bytes: 30 },
    ]);
  });

  it('tells plain objects apart by their shape, without the names of their fields', () => {
    const first = nameOf({ customer: 1, total: 2 });
    assert.equal(nameOf({ customer: 'x', total: 'y' }), first);
    assert.notEqual(nameOf({ customer: 1, totals: 2 }), first);
    assert.match(first, /^Object \(2 fields #\w+\)$/);
    assert.equal(nameOf({}), 'Object');
  });

  it('gives a table one name whatever is in it, since one table stands for all', () => {
    const dictionary: object = Object.assign(Object.create(null), { anna: 1, ben: 2 });
    assert.equal(nameOf(dictionary), nameOf(Object.create(null)));
    assert.equal(nameOf({ 7: 'a', 12: 'b' }), nameOf({ 3: 'c' }));
    const large = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key${at}`, at]));
    assert.equal(nameOf(large), 'Object (table)');
  });

  it('calls functions and proxies what they are', () => {
    assert.deepEqual(
      [nameOf(() => {}), nameOf(Order), nameOf(new Proxy({}, {})), nameOf([]), nameOf(new Map())],
      ['Function', 'Function', 'Proxy', 'Array', 'Map'],
    );
  });

  it('runs no getter and no trap of the program', () => {
    const fails = (): never => assert.fail('code of the program ran');
    const traps = new Proxy(
      {},
      { getPrototypeOf: fails, getOwnPropertyDescriptor: fails, ownKeys: fails, get: fails },
    );
    const constructorGetter = Object.create(Object.create(Order.prototype, { constructor: { get: fails } }));
    const nameGetter = class {};
    Object.defineProperty(nameGetter, 'name', { get: fails });
    const proxiedConstructor = Object.create({ constructor: new Proxy(Order, { get: fails }) });
    const objects = [
      traps,
      Object.create(traps),
      constructorGetter,
      new nameGetter(),
      proxiedConstructor,
      Object.defineProperty({}, 'value', { get: fails, enumerable: true }),
    ];
    assert.equal(
      censusOf(...objects).reduce((sum, { count }) => sum + count, 0),
      1 + 2 + 3 + 4 + 5 + 6,
    );
    assert.equal(nameOf(constructorGetter), 'Order');
  });

  it('names an object by the nearest constructor with a name, and cuts long ones', () => {
    assert.equal(nameOf(new (class extends Order {})()), 'Order');
    const longNamed = { ['x'.repeat(1000)]: class {} }['x'.repeat(1000)]!;
    assert.equal(nameOf(new longNamed()).length, 120);
  });

  it('tells a bounded number of classes', () => {
    const shapes = Array.from({ length: MAX_CLASSES + 50 }, (_, at) => ({ [`field${at}`]: at }));
    const census = censusOf(...shapes);
    assert.equal(census.length, MAX_CLASSES);
    assert.equal(census.at(-1)?.count, 51, 'the smallest ones are left out');
  });
});

describe('The increase from one census to another', () => {
  const row = (className: string, count: number, bytes = count * 10): ClassCount => ({
    className,
    count,
    bytes,
  });

  it('is what has more objects and more bytes, the most bytes first', () => {
    const before = [row('Order', 100), row('Session', 50), row('Buffer', 10), row('Gone', 5)];
    const after = [row('Order', 110), row('Session', 90), row('Buffer', 10), row('New', 1)];
    assert.deepEqual(censusIncrease(before, after), [row('Session', 40), row('Order', 10), row('New', 1)]);
  });

  it('leaves out what has more bytes and no more objects', () => {
    assert.deepEqual(censusIncrease([row('Order', 100, 1000)], [row('Order', 100, 2000)]), []);
  });

  it('does not take what comes in sight at the end of a full list for growth', () => {
    const many = Array.from({ length: MAX_CLASSES }, (_, at) => row(`Class${at}`, 1000 - at));
    const smallest = many.at(-1)!;
    const seen = row('Class300', smallest.count);
    assert.deepEqual(censusIncrease(many, [...many.slice(0, -1), seen]), []);
    const grown = row('Class300', smallest.count + 1);
    assert.deepEqual(
      censusIncrease(many, [grown]).map(({ bytes }) => bytes),
      [10],
    );
  });
});
