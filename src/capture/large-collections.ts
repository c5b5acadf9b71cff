import { createRequire } from 'node:module';
import type { NativeBinding } from '../native/binding.js';

/** Undocumented parts of `process` that all versions have. */
interface ProcessInternals {
  _getActiveHandles?(): object[];
  _getActiveRequests?(): object[];
}

/** Taken at load: the child must not load anything. */
const { cache } = createRequire(import.meta.url);

/**
 * In the forked child: all collections with more than `threshold` members. The fast walk follows pointers by what it knows
 * of V8's internals. As a check, a large array is hidden in a holder of each kind first; if the walk misses one of them,
 * V8's own slow walk is used.
 */
export function findCollections(
  binding: NativeBinding,
  threshold: number,
  counting = false,
): readonly object[] {
  const hidden = hide(threshold + 1);
  const { _getActiveHandles, _getActiveRequests } = process as unknown as ProcessInternals;
  const roots = [
    globalThis,
    process,
    cache,
    hidden.holders,
    // Objects that only native handles hold: servers, sockets, and through these all listeners.
    ...(_getActiveHandles?.call(process) ?? []),
    ...(_getActiveRequests?.call(process) ?? []),
  ];
  const found = binding.walkCollections(roots, samples(), threshold, counting);
  if (found === null) return binding.largeCollections(threshold);
  const known = new Set(found);
  return hidden.arrays.every((array) => known.has(array)) ? found : binding.largeCollections(threshold);
}

/** One object of each kind whose content lies outside of it, in another type of array. */
function samples(): readonly object[] {
  const dictionary: Record<string, number> = Object.create(null) as Record<string, number>;
  dictionary['a'] = 1;
  const sparse: number[] = [];
  sparse[1e7] = 1;
  const key = {};
  return [
    [key],
    new Map([[1, key]]),
    new Set([key]),
    new WeakMap([[key, key]]),
    dictionary,
    sparse,
    globalThis,
  ];
}

class PrivateHolder {
  readonly #held: unknown;
  constructor(held: unknown) {
    this.#held = held;
  }
  get held(): unknown {
    return this.#held;
  }
}

function* suspended(held: unknown): Generator<unknown> {
  yield 1;
  yield held;
}

// Separate functions, so that each scope holds nothing else: a shared scope would lead to all arrays at once.
function closureOver(held: unknown): () => unknown {
  return () => held;
}

function withGetter(held: unknown): object {
  return Object.defineProperty({}, 'held', { get: () => held });
}

function withManyFields(held: unknown): object {
  const wide: Record<string, unknown> = {};
  for (let at = 0; at < 40; at++) wide[`field${at}`] = at;
  wide['field39'] = held;
  return wide;
}

function tableOf(held: unknown): object {
  const table = Object.create(null) as Record<string, unknown>;
  table['held'] = held;
  return table;
}

function sparseWith(held: unknown): object {
  const sparse: unknown[] = [];
  sparse[1e7] = held;
  return sparse;
}

function behindKey(held: unknown): object {
  const key = {};
  return [key, new WeakMap([[key, held]])];
}

function atYield(held: unknown): object {
  const generator = suspended(held);
  generator.next();
  return generator;
}

const HOLDERS: readonly ((held: unknown) => unknown)[] = [
  (held) => ({ held }),
  (held) => [held],
  closureOver,
  withGetter,
  withManyFields,
  tableOf,
  sparseWith,
  atYield,
  behindKey,
  (held) => new Map([[1, held]]),
  (held) => new Map([[held, 1]]),
  (held) => new Set([held]),
  (held) => new PrivateHolder(held),
  (held) => Promise.resolve(held),
  (held) => Object.bind(null, held),
  (held) => new Proxy({ held }, {}),
];

/** Arrays of `length`, each reachable through one holder of another kind, and all from the list `arrays`. */
function hide(length: number): { readonly holders: readonly unknown[]; readonly arrays: readonly object[] } {
  const arrays = HOLDERS.map(() => new Array<number>(length).fill(0));
  return { holders: arrays.map((array, at) => HOLDERS[at]?.(array)), arrays };
}
