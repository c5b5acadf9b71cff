import { types } from 'node:util';

/** How many objects of a class there are. */
export interface ClassCount {
  /** Name of the constructor; for plain objects also their shape: how many properties, and a digest of their names. */
  readonly className: string;
  readonly count: number;
  /** Shallow bytes of all, without their elements and properties kept outside the object. */
  readonly bytes: number;
}

/** Classes in a census; smaller ones are left out. */
export const MAX_CLASSES = 300;
const MAX_NAME = 120;
/** Prototypes searched for a constructor. */
const MAX_PROTOTYPES = 8;
/** A plain object with more properties is a table. */
const MAX_FIELDS = 64;
const INDEX = /^\d+$/;
const { getPrototypeOf, getOwnPropertyDescriptor, keys } = Object;
const { isProxy } = types;

/**
 * Adds up the rows of `NativeBinding.census()` by class, the largest first. Runs in the forked child, and runs no code of
 * the program: no getter, no trap.
 */
export function classCensus(rows: readonly (object | number)[]): readonly ClassCount[] {
  const classes = new Map<string, { count: number; bytes: number }>();
  for (let at = 0; at + 2 < rows.length; at += 3) {
    const className = classNameOf(rows[at] as object);
    const known = classes.get(className) ?? { count: 0, bytes: 0 };
    known.count += rows[at + 1] as number;
    known.bytes += rows[at + 2] as number;
    classes.set(className, known);
  }
  return [...classes]
    .map(([className, sums]) => ({ className, ...sums }))
    .sort((a, b) => b.bytes - a.bytes || b.count - a.count)
    .slice(0, MAX_CLASSES);
}

function classNameOf(object: object): string {
  if (isProxy(object)) return 'Proxy';
  if (typeof object === 'function') return 'Function';
  const name = constructorName(object);
  return name === 'Object' || name === '' ? shapeOf(object) : name.slice(0, MAX_NAME);
}

function constructorName(object: object): string {
  let prototype: unknown = getPrototypeOf(object);
  for (let depth = 0; depth < MAX_PROTOTYPES; depth++) {
    if (typeof prototype !== 'object' || prototype === null || isProxy(prototype)) return '';
    const made: unknown = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    if (typeof made === 'function' && !isProxy(made)) {
      const name: unknown = getOwnPropertyDescriptor(made, 'name')?.value;
      if (typeof name === 'string' && name !== '') return name;
    }
    prototype = getPrototypeOf(prototype);
  }
  return '';
}

/**
 * Names may be data, such as the keys of a table, so only a digest that distinguishes shapes is kept. Objects without a
 * prototype are V8's dictionaries: they share one hidden class whatever their keys, so the keys of its representative mean
 * nothing. Nor do indices, which are not part of a hidden class.
 */
function shapeOf(object: object): string {
  if (getPrototypeOf(object) === null) return 'Object (without prototype)';
  const names = keys(object).filter((name) => !INDEX.test(name));
  if (names.length > MAX_FIELDS) return 'Object (table)';
  let digest = 0;
  for (const name of names) {
    for (let at = 0; at < name.length; at++) digest = (Math.imul(digest, 31) + name.charCodeAt(at)) | 0;
  }
  return names.length === 0 ? 'Object' : `Object (${names.length} fields #${(digest >>> 0).toString(36)})`;
}

/**
 * The growth between two censuses, most bytes first. A class that a full list leaves out had at most the bytes of its last
 * row, and is assumed to have had them: entering the list must not look like growth.
 */
export function censusIncrease(
  before: readonly ClassCount[],
  after: readonly ClassCount[],
): readonly ClassCount[] {
  const then = new Map(before.map((row) => [row.className, row]));
  const unnamed = { count: 0, bytes: before.length < MAX_CLASSES ? 0 : (before.at(-1)?.bytes ?? 0) };
  return after
    .map(({ className, count, bytes }) => {
      const was = then.get(className) ?? unnamed;
      return { className, count: count - was.count, bytes: bytes - was.bytes };
    })
    .filter(({ count, bytes }) => count > 0 && bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
}
