import { createRequire } from 'node:module';
import type { NativeBinding } from '../native/binding.js';
import { HOLDERS } from './planted-holders.js';

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

/** Arrays of `length`, each reachable through one holder of another kind, and all from the list `arrays`. */
function hide(length: number): { readonly holders: readonly unknown[]; readonly arrays: readonly object[] } {
  const arrays = HOLDERS.map(() => new Array<number>(length).fill(0));
  return { holders: arrays.map((array, at) => HOLDERS[at]?.(array)), arrays };
}
