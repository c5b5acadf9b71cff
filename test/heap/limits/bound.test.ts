import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Bound } from '../../../src/heap/limits/limit.js';
import { growing } from '../drawn-analysis.js';

/** A number as V8 writes it, on a property of an object or a variable of a scope. */
function number(holder: string, name: string, value: number, edge = 'property'): string {
  const id = `n_${holder}_${name.replaceAll(/\W/g, '_')}`;
  return `
    ${id}: number "smi number" 0
    ${id}_digits: string "${value}" 24
    ${id} -internal value-> ${id}_digits
    ${holder} -${edge} ${name.replaceAll('#', '\\#')}-> ${id}`;
}

const store = (className: string) => (n: number) =>
  `
  global: object global 40
  root -shortcut 1-> global
  store: object ${className} 40
  list: object Array 32
  order*${n}: object Order 1000
  global -property store-> store
  store -property orders-> list
  list -element #-> order`;

async function boundOf(draw: (n: number) => string): Promise<Bound | null> {
  const { suspects } = await growing(draw);
  const found = suspects.find(({ className }) => className === 'Order');
  assert.ok(found !== undefined, 'the growth of 100, 200, 300 orders is found');
  return found.bound;
}
/** What is read where an owner has these numbers, beside 300 orders of 1,000 bytes. */
const beside = (numbers: Readonly<Record<string, number>>, className = 'Store') =>
  boundOf((n) =>
    [
      store(className)(n),
      ...Object.entries(numbers).map(([name, value]) => number('store', name, value)),
    ].join(''),
  );
const entries = (name: string, limit: number): Bound => ({ source: 'setting', name, limit, unit: 'entries' });

describe('a bound on an owner', () => {
  it('is a number with the name of a limit, however that is written', async () => {
    for (const name of ['max', '_maxItems', '#capacity', 'MAX_ORDERS', 'orderLimit', 'maxsize', 'keepLast'])
      assert.deepEqual(await beside({ [name]: 5000 }), entries(name, 5000), name);
    assert.deepEqual(await beside({ '<symbol max>': 5000 }), entries('max', 5000));
  });

  it('is no number that limits something else', async () => {
    for (const name of [
      'maxListeners',
      'defaultMaxListeners',
      'maxRetries',
      'maxAge',
      'maxSockets',
      'maxHeadersCount',
      'maxRequestsPerSocket',
      'highWaterMark',
      'maxBodyLength',
      'maxEntrySize',
      'timeoutLimit',
      'min',
      'climax',
    ])
      assert.equal(await beside({ [name]: 5000 }), null, name);
  });

  it('counts what its owner is about, though such a name mostly speaks of something else', async () => {
    assert.equal(await beside({ maxConnections: 5000 }), null);
    assert.deepEqual(
      await beside({ maxConnections: 5000 }, 'ConnectionPool'),
      entries('maxConnections', 5000),
    );
  });

  it('is none once it is broken, nor where it stands for no limit at all', async () => {
    for (const value of [0, 20, 298, Number.MAX_SAFE_INTEGER, 2 ** 31 - 1])
      assert.equal(await beside({ max: value }), null, `${value}`);
    assert.deepEqual(await beside({ max: 300 }), entries('max', 300));
  });

  it('is none when what it allows would not fit into a heap', async () => {
    assert.equal(await beside({ max: 100_000_000 }), null);
  });

  it('is a size only when it is round and clearly larger than what is there', async () => {
    assert.deepEqual(await beside({ size: 1000 }), entries('size', 1000));
    for (const value of [300, 301, 320, 987]) assert.equal(await beside({ size: value }), null, `${value}`);
  });

  it('is the tightest where there are several', async () => {
    assert.deepEqual(await beside({ max: 5000, limit: 400, quota: 100 }), entries('limit', 400));
  });

  it('is in bytes when its name says so, or when its owner counts so', async () => {
    const bytes = (name: string, limit: number): Bound => ({ source: 'setting', name, limit, unit: 'bytes' });
    assert.deepEqual(await beside({ maxBytes: 1_000_000 }), bytes('maxBytes', 1_000_000));
    assert.deepEqual(await beside({ maxMb: 2 }), bytes('maxMb', 2 * 1024 ** 2));
    assert.equal(await beside({ maxBytes: 200_000 }), null);
    // The owner counts 100 bytes an order; V8 needs ten times as many.
    assert.deepEqual(
      await beside({ maxSize: 90_000, calculatedSize: 30_000 }),
      bytes('maxSize', 10 * 90_000),
    );
  });

  it('is that of the collection beside this one when it bears its name, or when that is full', async () => {
    const sibling = (name: string, count: number) => `
      other: object Array 32
      entry*${count}: object Entry 16
      store -property ${name}-> other
      other -element #-> entry`;
    const besideSibling = (name: string, count: number, limit: string) =>
      boundOf((n) => store('Store')(n) + sibling(name, count) + number('store', limit, 400));
    assert.equal(await besideSibling('sessions', 10, 'maxSessions'), null);
    assert.equal(await besideSibling('recent', 400, 'max'), null);
    assert.deepEqual(await besideSibling('recent', 390, 'max'), entries('max', 400));
  });

  it('is looked for among the settings of the owner, not in what uses it', async () => {
    const above = (settings: string, numbers: string) => (n: number) =>
      `${store('Store')(n)}
      app: object App 40
      options: object Object 40
      global -property app-> app
      app -property store-> store
      store -property ${settings}-> options
      ${numbers}`;
    for (const name of ['options', 'opts', 'cacheSettings', 'limits', 'policy'])
      assert.deepEqual(
        await boundOf(above(name, number('options', 'max', 5000))),
        entries('max', 5000),
        name,
      );
    assert.equal(await boundOf(above('parent', number('options', 'max', 5000))), null);
    assert.equal(await boundOf(above('options', number('app', 'max', 5000))), null);
  });

  it('is the capacity of an array whose slots were all set up in advance', async () => {
    const slots = (n: number) => `${store('Store')(n)}
      nothing: hidden "system / Oddball" 0
      ${Array.from({ length: 100 }, (_, at) => `list -element ${900 + at}-> nothing`).join('\n')}`;
    const bound = await boundOf(slots);
    assert.deepEqual(bound, { ...entries('length', 400), source: 'slots' });
  });

  it('is what all owners together may hold, and none while their number grows', async () => {
    const shards = (owners: (n: number) => number) => (n: number) =>
      `
      global: object global 40
      root -shortcut 1-> global
      all: object Array 32
      global -property shards-> all
      ${Array.from({ length: owners(n) }, (_, at) => {
        const each = Math.floor(n / owners(n));
        return `
          shard${at}: object Shard 24
          list${at}: object Array 32
          order${at}x*${each}: object Order 1000
          all -element ${at}-> shard${at}
          shard${at} -property orders-> list${at}
          list${at} -element #-> order${at}x
          ${number(`shard${at}`, 'max', 1000)}`;
      }).join('')}`;
    assert.deepEqual(await boundOf(shards(() => 4)), { ...entries('max', 4000), holders: 4 });
  });
});

describe('a bound in the scope of the code', () => {
  /** A module variable with orders; other variables and numbers share its scope. */
  const module = (rest: string) => (n: number) =>
    `
    global: object global 40
    root -shortcut 1-> global
    scope: object "system / Context" 40
    get: closure get 64
    shared: code get 56
    script: code "file:///srv/app/src/orders.js" 100
    list: object Array 32
    order*${n}: object Order 1000
    global -property get-> get
    get -internal context-> scope
    get -internal shared-> shared
    shared -internal script-> script
    scope -context orders-> list
    list -element #-> order
    ${rest}`;
  const variable = (name: string, value: number) => number('scope', name, value, 'context');
  const other = `
    recent: object Array 32
    entry*50: object Entry 16
    scope -context recent-> recent
    recent -element #-> entry`;

  it('may have any name of a limit that speaks of the collection, or of nothing in particular', async () => {
    for (const name of ['MAX_ORDERS', 'MAX_ENTRIES', 'LIMIT'])
      assert.deepEqual(await boundOf(module(variable(name, 5000))), entries(name, 5000), name);
    for (const name of ['MAX_USERS', 'MAX_RETRIES', 'PAGE_LIMIT', 'SIZE', 'BUFFER_SIZE'])
      assert.equal(await boundOf(module(variable(name, 5000))), null, name);
  });

  it('must speak of the collection where others share the scope, unless it would be broken soon', async () => {
    assert.equal(await boundOf(module(other + variable('MAX_ENTRIES', 5000))), null);
    assert.deepEqual(
      await boundOf(module(other + variable('MAX_ORDERS', 5000))),
      entries('MAX_ORDERS', 5000),
    );
    assert.deepEqual(
      await boundOf(module(other + variable('MAX_ENTRIES', 1000))),
      entries('MAX_ENTRIES', 1000),
    );
  });
});
