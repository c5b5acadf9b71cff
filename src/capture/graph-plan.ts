import { createRequire } from 'node:module';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { GraphPlan, GraphSamples } from '../native/binding.js';
import { HOLDERS, NAMED_HOLDERS, PrivateHolder, suspended } from './planted-holders.js';

/** Undocumented parts of `process` that all versions have. */
interface ProcessInternals {
  _getActiveHandles?(): object[];
  _getActiveRequests?(): object[];
}

/** Taken at load: the child must not load anything. */
const { cache } = createRequire(import.meta.url);

/** The first version of V8 whose snapshots count the characters of external strings, and not what is read-only. */
const COUNTS_OUTSIDE = 13;
/** The first version of V8 whose snapshots call a class by its own property `name`, which bundlers set. */
const NAMES_BY_PROPERTY = 14;
const v8Version = Number(process.versions.v8.split('.')[0]);

/**
 * A WeakRef holds its target until the end of the job that made it, so the one that the child checks is made here. Until
 * then the target is held as well, since a collection would clear the reference.
 */
const planted: { target: object | null; readonly ref: WeakRef<object> } = (() => {
  const target = { planted: true };
  return { target, ref: new WeakRef(target) };
})();

/**
 * In the forked child: runs a full GC; then returns what the native writer needs to know of this V8, and objects whose place in
 * the graph is known. It must find those that something holds, and must not find those that only weak things lead to.
 */
export function graphPlan(output: number, handedOnly = false): GraphPlan {
  const weak = collect();
  const { holders, strong, named } = plantStrong();
  planted.target = null;
  const { _getActiveHandles, _getActiveRequests } = process as unknown as ProcessInternals;
  const handed = [
    globalThis,
    process,
    cache,
    holders,
    ...(_getActiveHandles?.call(process) ?? []),
    ...(_getActiveRequests?.call(process) ?? []),
  ];
  return {
    output,
    constructorKey: 'constructor',
    tagKey: Symbol.toStringTag,
    nameKey: v8Version >= NAMES_BY_PROPERTY ? 'name' : null,
    samples: samples(),
    handed,
    handedOnly,
    countsOutside: v8Version >= COUNTS_OUTSIDE,
    strong,
    weak,
    refs: [planted.ref],
    named,
    usedBytes: getHeapStatistics().used_heap_size,
  };
}

function samples(): GraphSamples {
  const key = {};
  const dictionary = Object.create(null) as Record<string, number>;
  dictionary['a'] = 1;
  const sparse: number[] = [];
  sparse[1e7] = 1;
  // Compiled, so that it has feedback metadata where others have an outer scope.
  const ran = (): number => 1;
  ran();
  const view = new Uint8Array(8192);
  const [target, token] = [{}, {}];
  const finalized = new FinalizationRegistry<number>(() => {});
  finalized.register(target, 1, token);
  return {
    map: new Map([[1, key]]),
    set: new Set([key]),
    weakMap: new WeakMap([[key, key]]),
    dictionary,
    sparse,
    global: globalThis,
    plain: {},
    bigint: 2n ** 70n,
    generator: suspended(1),
    ran,
    builtin: Array,
    inModule: plantWeak,
    functions: [
      ran,
      suspended,
      class {},
      async () => 1,
      function named() {},
      Array,
      Promise,
      RegExp,
      Uint8Array,
      BigInt64Array,
      Object,
    ],
    privateHolder: new PrivateHolder(1),
    target,
    token,
    ref: new WeakRef(target),
    registry: finalized,
    view,
    buffer: view.buffer,
  };
}

/** What lies in front of their fields differs from all other objects. */
class HoldingView extends Uint8Array {
  held: unknown;
}
class HoldingBuffer extends ArrayBuffer {
  held: unknown;
}

const ALL_HOLDERS: readonly ((held: unknown) => unknown)[] = [
  ...HOLDERS,
  (held) => ({ __proto__: { held } }),
  (held) => Object.assign(new HoldingView(8), { held }),
  (held) => Object.assign(new HoldingBuffer(8), { held }),
];

/** Objects that are each held by a holder of another kind. Nothing but the holders and the WeakMap leads to them. */
function plantStrong() {
  const strong = new WeakMap<object, number>();
  const named: unknown[] = [];
  const holders = ALL_HOLDERS.map((hold, index) => {
    const held = { held: index };
    strong.set(held, index);
    const holder = hold(held);
    if (index < NAMED_HOLDERS.length) named.push(holder, held);
    return holder;
  });
  return { holders, strong, named };
}

/**
 * A full GC, by V8's own function, taken where the service's contexts do not get it. Of that context nothing is left
 * then but V8's own weak links to it, so it is one of the planted weak objects: functions on the stack must not hold it,
 * which is why all happens in a frame that is gone when the graph is written.
 */
function collect(): WeakMap<object, unknown> {
  setFlagsFromString('--expose-gc');
  const { gc, inside } = runInNewContext('({ gc, inside: () => 1 })') as { gc(): void; inside(): number };
  gc();
  return plantWeak(inside);
}

/** Keys of a WeakMap that nothing else holds, with their values; and what else looks strong in memory but is not. */
function plantWeak(inside: object): WeakMap<object, unknown> {
  const weak = new WeakMap<object, unknown>();
  weak.set({ key: 1 }, { value: 1 });
  const registered = { registered: 1 };
  registry.register(registered, 1, registered);
  weak.set(registered, 1);
  weak.set(inside, 1);
  return weak;
}

const registry = new FinalizationRegistry(() => {});
