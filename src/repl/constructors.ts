import { types } from 'node:util';
import type { ExposedRoots } from './exposed-roots.js';
import { type Constructor, shapes } from './shape.js';

const { constructorsOf, dataProperty, isObject, nameOf } = shapes;

/** Properties of an object and entries of a collection that are looked at. */
const MAX_PROPERTIES = 100;
const MAX_ENTRIES = 10;

/**
 * The class of this name among the globals, what is exposed and the owners of findings, with what these hold directly: a class
 * with a name that nothing leads to cannot be found, and `require.cache` is never walked. Null if none has the name.
 */
export function findConstructor(
  name: string,
  roots: ExposedRoots,
  owners: readonly object[],
): Constructor | null {
  const global = dataProperty(globalThis, name);
  if (isConstructor(global)) return global;
  const starts = roots.names
    .map((root) => roots.read(root))
    .map((reading) => ('value' in reading ? reading.value : null));
  for (const start of [...starts, ...owners]) {
    for (const value of [start, ...membersOf(start)]) {
      const found =
        namedBy(value, name) ??
        membersOf(value)
          .map((member) => namedBy(member, name))
          .find(Boolean);
      if (found) return found;
    }
  }
  return null;
}

function namedBy(value: unknown, name: string): Constructor | null {
  if (!isObject(value) || types.isProxy(value)) return null;
  if (isConstructor(value) && nameOf(value) === name) return value;
  return constructorsOf(value).find((one) => nameOf(one) === name) ?? null;
}

/** What an object holds directly, as far as it can be read without running the program. */
function membersOf(value: unknown): readonly unknown[] {
  if (!isObject(value) || types.isProxy(value)) return [];
  if (types.isMap(value)) return firstOf(Map.prototype.entries.call(value)).flat();
  if (types.isSet(value)) return firstOf(Set.prototype.values.call(value));
  if (Array.isArray(value)) return indices(value).map((index) => dataProperty(value, index));
  // The list of keys of a dictionary has no bound, and an instance of a class is rarely one.
  if (isPlain(value)) return [];
  return Reflect.ownKeys(value)
    .slice(0, MAX_PROPERTIES)
    .map((key) => dataProperty(value, key));
}

export function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function indices(value: readonly unknown[]): readonly number[] {
  return Array.from({ length: Math.min(value.length, MAX_ENTRIES) }, (_, index) => index);
}

function firstOf<T>(iterator: Iterator<T>): readonly T[] {
  const found: T[] = [];
  for (let step = iterator.next(); !step.done && found.length < MAX_ENTRIES; step = iterator.next())
    found.push(step.value);
  return found;
}

function isConstructor(value: unknown): value is Constructor {
  return typeof value === 'function' && !types.isProxy(value) && isObject(dataProperty(value, 'prototype'));
}
