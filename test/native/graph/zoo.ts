import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { createContext, runInContext } from 'node:vm';

/** Of each kind: enough that one missing of them would show. */
const OF_EACH = 50;
/** More variables than V8 keeps inline in a scope. */
const WIDE = 90;
/** One function `f` without parameters. */
const WASM = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 4, 1, 2, 0, 11],
]);

const made: object[] = [];

/** Its types belong to browsers. */
const { WebAssembly: wasm } = globalThis as unknown as {
  readonly WebAssembly: Readonly<Record<'Instance' | 'Module' | 'Memory', new (of: unknown) => object>>;
};

class Base {
  static #count = 0;
  #secret = { secret: 1 };
  static {
    made.push({ inStaticBlock: true });
  }
  get secret(): object {
    return this.#secret;
  }
  #method(): number {
    return Base.#count++;
  }
  run(): number {
    return this.#method();
  }
}

class Held {
  readonly by: string;
  constructor(by: string) {
    this.by = by;
  }
}

class Derived extends Base {
  readonly big = 2n ** 90n;
  readonly resolve: ((value: unknown) => void)[] = [];
}

class Rows extends Array<object> {}

/** Fields behind those that only buffers and views have. */
class Frame extends Uint8Array {
  readonly first = { first: new Held('view') };
  readonly second = { second: new Held('view') };
}
class Header extends (DataView as new (bytes: ArrayBuffer) => object) {
  readonly first = { first: new Held('data view') };
}
class Block extends ArrayBuffer {
  readonly first = { first: new Held('buffer') };
}
class SharedBlock extends SharedArrayBuffer {
  readonly first = { first: new Held('shared buffer') };
}

/** Classes whose names V8 infers from where they are assigned. */
const assigned: Record<string, Record<string, new () => object>> = { shapes: {} };
assigned['shapes']!['Round'] = class {};
const Round = assigned['shapes']!['Round'];

/** Classes that have their names by a property: a computed one, and as bundlers keep those of minified classes. */
const key = 'Computed';
const Computed = { [key]: class {} }[key]!;
const Minified = class e {};
Object.defineProperty(Minified, 'name', { value: 'Unminified' });

async function* values(held: object): AsyncGenerator<object> {
  const local = { local: 1 };
  yield local;
  yield held;
}

async function waits(derived: Derived): Promise<object> {
  const local = { waiting: 1 };
  await new Promise((resolve) => derived.resolve.push(resolve));
  return local;
}

function* counts(): Generator<object> {
  const local = { counted: 1 };
  yield local;
  yield local;
}

/** Scopes that the parser cannot foresee, and wide ones. */
const evaluated = new Function(
  'held',
  'return eval("(() => { const inEval = { held }; return () => inEval; })()")',
) as (held: object) => () => object;
const inWith = new Function('held', 'with ({ withHeld: held }) { return () => withHeld; }') as (
  held: object,
) => () => object;
const variables = Array.from({ length: WIDE }, (_, at) => `v${at}`);
const wide = new Function(
  'held',
  `${variables.map((name, at) => `let ${name} = ${at === 40 ? 'held' : at};`).join('')}
   return () => [${variables.join(',')}];`,
) as (held: object) => () => unknown[];
const passedOn = function (this: unknown, ..._values: unknown[]): unknown {
  // biome-ignore lint/complexity/noArguments: it is what is kept
  return arguments;
};

function texts(index: number): readonly string[] {
  const long = 'x'.repeat(2000) + index;
  const two = 'ж'.repeat(30) + index;
  return [long.slice(3, 1500), long + two, two, `text ${index}`, 'line\n"quoted"\\\u0001'];
}

function arrays(index: number): readonly unknown[] {
  const sparse: unknown[] = [];
  sparse[1e6 + index] = { sparse: index };
  // biome-ignore lint/suspicious/noSparseArray: holes are the point
  return [[1, , { hole: index }], [1.5, 2.5, , 3.5], [1, 2, 3], sparse, Rows.from([{ row: index }])];
}

function views(): readonly unknown[] {
  const bytes = new ArrayBuffer(100);
  const resizable = Reflect.construct(ArrayBuffer, [16, { maxByteLength: 64 }]) as ArrayBuffer;
  return [
    new Float64Array(10),
    new DataView(bytes, 8),
    new Uint8Array(bytes, 3, 5),
    new SharedArrayBuffer(64),
    new BigInt64Array(2),
    Buffer.from('in the pool'),
    new Uint8Array(resizable),
    new Frame(8),
    new Header(bytes),
    new Block(8),
    new SharedBlock(8),
  ];
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({ target: 1 }, {});
  revoke();
  return proxy;
}

function dated(): unknown {
  const temporal = (globalThis as { Temporal?: { Now: { instant(): unknown } } }).Temporal;
  return temporal === undefined ? new Date(5) : [new Date(5), temporal.Now.instant()];
}

function oddObjects(index: number): Readonly<Record<string, unknown>> {
  const derived = new Derived();
  const registry = new FinalizationRegistry<object>(() => {});
  registry.register(derived, { held: index }, derived);
  const started = values(derived);
  void started.next();
  const counted = counts();
  counted.next();
  const weakTarget = { weakTarget: index };
  const many: Record<string, unknown> = {};
  for (let at = 0; at < 130; at++) many[`field${at}`] = at === 7 ? derived : at * 0.5;
  const deleted: Record<string, unknown> = { a: 1, b: { kept: index } };
  delete deleted['a'];
  return {
    derived,
    registry,
    started,
    counted,
    many,
    deleted,
    weakTarget,
    round: new Round!(),
    computed: new Computed(),
    minified: new Minified(),
    reference: new WeakRef(weakTarget),
    waiting: waits(derived),
    texts: texts(index),
    arrays: arrays(index),
    views: views(),
    dated: dated(),
    revoked: revoked(),
    frozen: Object.freeze({ a: 1, b: { c: index } }),
    evaluated: evaluated({ index }),
    inWith: inWith({ index }),
    wide: wide({ index }),
    proxy: new Proxy(derived, {}),
    bound: waits.bind(derived, derived),
    pattern: /a+(b)/g,
    error: new Error(`odd ${index}`),
    tagged: { [Symbol('key')]: { keyed: index }, [Symbol.toStringTag]: 'Tagged' },
    // One hidden class, several names.
    taggedApart: { [Symbol.toStringTag]: `Tagged ${index % 3}` },
    arguments: [passedOn(1, { sloppy: index })],
    boxed: Object(`boxed ${index}`),
    set: new Set([derived]),
    map: new Map([[derived, index]]),
    weakSet: new WeakSet([derived]),
    weakMap: new WeakMap([[derived, { meta: index }]]),
    iterator: new Map([[1, derived]]).entries(),
    emitter: new EventEmitter().on('odd', () => derived),
    bare: Object.assign(Object.create(null), { derived }),
    accessor: Object.defineProperty({}, 'got', { get: () => derived, set: () => {}, enumerable: true }),
    parsed: JSON.parse(`{"k":[${index},{"z":"q"}]}`),
  };
}

/** Objects of unusual kinds, which the caller keeps. */
export function zoo(): object {
  const context = createContext({ inside: { a: 1 } });
  runInContext('globalThis.made = { inContext: [1, {}] }; function f() { return made; }', context);
  const storage = new AsyncLocalStorage<object>();
  const timer = storage.run({ store: 1 }, () => setTimeout(() => {}, 1e6).unref());
  return {
    context,
    timer,
    wasm: new wasm.Instance(new wasm.Module(WASM)),
    memory: new wasm.Memory({ initial: 1 }),
    list: Array.from({ length: OF_EACH }, (_, index) => oddObjects(index)),
  };
}
