/**
 * Makes large collections small, in a throw-away copy of the process, before a snapshot of it is written: of a million
 * similar members under one holder, a thousand show the leak. Each collection gets a mark with its true size.
 *
 * Invariants: no code of the program runs (no getter, setter, trap, patched prototype or species), and nothing throws. So
 * built-in functions are taken when this module is loaded, as Node does for its own modules; properties are defined, not
 * assigned; descriptors have no prototype; arrays are not iterated; the program's objects are read only by index or
 * descriptor, and not at all if that could reach a proxy.
 *
 * Order is kept: the oldest members stay first and the newest last, so that votes of the newest members see the same
 * ones as in a whole heap. The oldest are there because fields of an object that is used as a table as well come first.
 */
import { types } from 'node:util';

/** Own property of a truncated collection: a text `KEPT/TRUE`, such as `400/1000000`. */
export const SAMPLED_MARK = 'leakwatch.sampled';

export interface TruncationBounds {
  /** Collections of more members than this are truncated. */
  readonly threshold: number;
  /** Members kept from the beginning, a count. */
  readonly keepOldest: number;
  /** Members kept from the end, a count. */
  readonly keepNewest: number;
}

export interface TruncationResult {
  /** Collections truncated, a count. */
  readonly truncated: number;
  /** Members dropped from all of them, a count. */
  readonly dropped: number;
}

type Uncurried<This, Args extends readonly unknown[], Result> = (self: This, ...args: Args) => Result;

const { bind, call } = Function.prototype;
function uncurryThis<This, Args extends readonly unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
): Uncurried<This, Args, Result> {
  return Reflect.apply(bind, call, [method]) as Uncurried<This, Args, Result>;
}

const { defineProperty, deleteProperty, getOwnPropertyDescriptor } = Reflect;
const { keys } = Object;
const { isArray } = Array;
const { isArgumentsObject, isMap, isModuleNamespaceObject, isProxy, isSet, isStringObject } = types;
const { isView } = ArrayBuffer;
const { floor } = Math;
const toNumber = Number;
const hasOwn = uncurryThis(Object.prototype.hasOwnProperty);
const join = uncurryThis(Array.prototype.join);
const MAP = {
  size: uncurryThis(sizeGetter(Map.prototype)),
  forEach: uncurryThis(Map.prototype.forEach),
  clear: uncurryThis(Map.prototype.clear),
  add: uncurryThis(Map.prototype.set),
};
/** A Set's members are key and value at once, as its `forEach` passes them, and its `add` ignores the second. */
const SET = {
  size: uncurryThis(sizeGetter(Set.prototype)),
  forEach: uncurryThis(Set.prototype.forEach),
  clear: uncurryThis(Set.prototype.clear),
  add: uncurryThis(Set.prototype.add),
} as unknown as typeof MAP;

function sizeGetter(prototype: object): (this: unknown) => number {
  const getter: unknown = Object.getOwnPropertyDescriptor(prototype, 'size')?.get;
  return getter as (this: unknown) => number;
}

/** In longer arrays with holes, and in arrays that are mostly holes, existing indices are listed rather than each index tried. */
const MAX_TRIED = 2 ** 25;
const MAX_TRIED_HOLES = 2 ** 14;
/** Places between the ends of such an array that are looked at for holes. */
const PROBES = 1024;
/** Elements of an array that is mostly holes, an estimate, up to which they are listed. */
const MAX_LISTED = 2 ** 14;
/** Indices of an array's elements are below this. */
const MAX_ARRAY_LENGTH = 2 ** 32 - 1;

/** Members that stay, a chain: building an array would look for setters on its prototype. */
interface Kept {
  readonly key: unknown;
  readonly value: unknown;
  next: Kept | null;
}

/** Values in `collections` that are no collection, or cannot take the mark, are left as they are. Their order does not matter. */
export function truncateCollections(
  collections: readonly object[],
  bounds: TruncationBounds,
): TruncationResult {
  let truncated = 0;
  let dropped = 0;
  for (let at = 0; at < collections.length; at++) {
    let lost = 0;
    try {
      lost = truncate(collections[at], bounds);
    } catch {
      // Out of stack or memory, or an exotic object: it stays as it is, or is truncated in part.
    }
    if (lost <= 0) continue;
    truncated++;
    dropped += lost;
  }
  return { truncated, dropped };
}

/** Members dropped, a count. */
function truncate(collection: unknown, bounds: TruncationBounds): number {
  const isObject = typeof collection === 'object' || typeof collection === 'function';
  if (!isObject || collection === null || isProxy(collection)) return 0;
  if (isMap(collection)) return truncateKeyed(collection, MAP, bounds);
  if (isSet(collection)) return truncateKeyed(collection as unknown as Map<unknown, unknown>, SET, bounds);
  if (isArray(collection)) return truncateArray(collection, bounds);
  // Their indices are no properties that could be deleted, or belong to something else.
  const isOther = isView(collection) || isStringObject(collection) || isArgumentsObject(collection);
  if (isOther || isModuleNamespaceObject(collection)) return 0;
  return truncateTable(collection, bounds);
}

/** Without a prototype, which would be searched for `get`. */
function descriptor(value: unknown, enumerable: boolean): PropertyDescriptor {
  const own = { __proto__: null, value, writable: true, enumerable, configurable: true };
  return own as PropertyDescriptor;
}

/** False if the object cannot take it. The text is flat: a snapshot shows no text of a joined string. */
function mark(collection: object, kept: number, total: number): boolean {
  return defineProperty(collection, SAMPLED_MARK, descriptor(join([kept, total], '/'), false));
}

function keptOf(total: number, { threshold, keepOldest, keepNewest }: TruncationBounds): number {
  const kept = keepOldest + keepNewest;
  return total > threshold && kept > 0 && kept < total ? kept : total;
}

function truncateKeyed(table: Map<unknown, unknown>, methods: typeof MAP, bounds: TruncationBounds): number {
  const total = methods.size(table);
  const kept = keptOf(total, bounds);
  if (kept === total || !mark(table, kept, total)) return 0;
  const newest = total - bounds.keepNewest;
  const head: Kept = { key: null, value: null, next: null };
  let tail = head;
  let at = 0;
  methods.forEach(table, (value, key) => {
    if (at < bounds.keepOldest || at >= newest) {
      tail.next = { key, value, next: null };
      tail = tail.next;
    }
    at++;
  });
  // Deleting a million entries one by one would take as long as adding them.
  methods.clear(table);
  for (let entry = head.next; entry !== null; entry = entry.next) methods.add(table, entry.key, entry.value);
  return total - kept;
}

/** The members that stay move together at its beginning, holes between them go, and its new length drops the others. */
function truncateArray(array: readonly unknown[], bounds: TruncationBounds): number {
  const { length } = array;
  if (length <= bounds.threshold) return 0;
  if (getOwnPropertyDescriptor(array, 'length')?.writable !== true) return 0;
  const sparse = isSparse(array, length) ? keys(array) : null;
  const total = sparse === null ? countElements(array, length) : countIndices(sparse);
  if (keptOf(total, bounds) === total) return 0;
  const places = sparse === null ? length : total;
  const elements = keptElements(array, sparse, places, bounds);
  if (!mark(array, elements.count, total)) return 0;
  let to = 0;
  for (let element = elements.first; element !== null; element = element.next)
    defineProperty(array, to++, descriptor(element.value, true));
  defineProperty(array, 'length', { __proto__: null, value: to } as PropertyDescriptor);
  // An element that can not be deleted stops it.
  const kept = array.length;
  if (kept !== elements.count) mark(array, kept, total);
  return total - kept;
}

/** Whether to list its indices, each of which takes a text, rather than try them all. */
function isSparse(array: readonly unknown[], length: number): boolean {
  if (length <= MAX_TRIED_HOLES) return false;
  const step = length / PROBES;
  let filled = hasOwn(array, length - 1) ? 1 : 0;
  for (let probe = 0; probe < PROBES; probe++) if (hasOwn(array, floor(probe * step))) filled++;
  return length > MAX_TRIED ? filled <= PROBES : (filled - 1) * step <= MAX_LISTED;
}

function countElements(array: readonly unknown[], length: number): number {
  if (length > MAX_TRIED) return length;
  let count = 0;
  for (let at = 0; at < length; at++) if (hasOwn(array, at)) count++;
  return count;
}

/** Indices stand before all other keys. */
function countIndices(names: readonly string[]): number {
  let count = names.length;
  while (count > 0 && !(toNumber(names[count - 1]) < MAX_ARRAY_LENGTH)) count--;
  return count;
}

/** The oldest and the newest elements. `places`: indices, or names of indices in `sparse`, to look at. */
function keptElements(
  array: readonly unknown[],
  sparse: readonly string[] | null,
  places: number,
  { keepOldest, keepNewest }: TruncationBounds,
): { readonly first: Kept | null; readonly count: number } {
  const head: Kept = { key: null, value: null, next: null };
  let tail = head;
  let oldest = 0;
  let begin = 0;
  for (; begin < places && oldest < keepOldest; begin++) {
    const found = dataOf(array, sparse === null ? begin : sparse[begin]!);
    if (found === undefined) continue;
    tail.next = { key: null, value: found.value, next: null };
    tail = tail.next;
    oldest++;
  }
  let newest = 0;
  for (let at = places - 1; at >= begin && newest < keepNewest; at--) {
    const found = dataOf(array, sparse === null ? at : sparse[at]!);
    if (found === undefined) continue;
    tail.next = { key: null, value: found.value, next: tail.next };
    newest++;
  }
  return { first: head.next, count: oldest + newest };
}

/** Undefined for a hole, and for an element with a getter or a setter. */
function dataOf(array: readonly unknown[], index: number | string): PropertyDescriptor | undefined {
  const found = getOwnPropertyDescriptor(array, index);
  return found !== undefined && hasOwn(found, 'value') ? found : undefined;
}

/**
 * An object that is used as a table; its members are the own properties that `for…in` shows. V8 has no faster way to empty
 * an object that must stay the same object. What refuses the mark, such as `process.env`, is not touched.
 */
function truncateTable(table: object, bounds: TruncationBounds): number {
  const names = keys(table);
  const total = names.length;
  let kept = keptOf(total, bounds);
  if (kept === total || !mark(table, kept, total)) return 0;
  const newest = total - bounds.keepNewest;
  let refused = 0;
  for (let at = bounds.keepOldest; at < newest; at++) if (!deleteProperty(table, names[at]!)) refused++;
  kept += refused;
  if (refused > 0) mark(table, kept, total);
  return total - kept;
}
