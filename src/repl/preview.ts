import { types } from 'node:util';
import { shapes } from './shape.js';

// V8 takes it for a side effect to read a variable that a module imports or exports, and to spread an object: what runs here
// does neither.
const { isProxy, isDate, isMap, isSet, isNativeError } = types;
const { classNameOf, nameOf, sizeOf } = shapes;

/** Levels of properties below the value. */
const MAX_DEPTH = 2;
/** Of one object. */
const MAX_PROPERTIES = 50;
/** Of all objects together: V8's checks make a preview slow, and this many take a few milliseconds. */
const MAX_MEMBERS = 500;
/** Characters of a text or a name that are looked at; fewer are shown, so that a secret is seen whole or not at all. */
const MAX_TEXT = 1000;

/** A value as far as it is looked at, not yet redacted: plain data that JSON represents. */
export type Preview =
  | { readonly text: string; readonly length: number }
  | { readonly word: string }
  | {
      readonly className: string;
      /** Entries, elements or bytes; null for an object without such a number. */
      readonly size: number | null;
      readonly isList: boolean;
      readonly members: readonly Member[];
      /** Members that are left out; null if not even their number is known. */
      readonly more: number | null;
    };

export interface Member {
  /** Null in a list. */
  readonly key: Preview | null;
  readonly value: Preview;
}

/** Of one preview: changing an object that the expression made is no side effect. */
interface Budget {
  members: number;
}

interface Members {
  readonly members: readonly Member[];
  readonly more: number | null;
}

/**
 * Runs while V8 refuses every side effect and while the time of the expression runs: it uses only what V8 knows to be free
 * of them (no regular expressions, for one), calls no getter, and asks no Proxy.
 */
function preview(value: unknown, depth: number, budget: Budget): Preview {
  if (typeof value === 'string') return { text: value.slice(0, MAX_TEXT), length: value.length };
  if (typeof value === 'symbol') return { word: symbolWord(value) };
  if (typeof value === 'bigint') return { word: bigintWord(value) };
  if (typeof value === 'number') return { word: Object.is(value, -0) ? '-0' : `${value}` };
  if (typeof value === 'function') return { word: isProxy(value) ? '[Proxy]' : functionWord(value) };
  if (typeof value !== 'object' || value === null) return { word: `${value as boolean}` };
  if (isProxy(value)) return { word: '[Proxy]' };
  if (isDate(value)) return { word: dateWord(value) };
  return objectPreview(value, depth, budget);
}

function objectPreview(value: object, depth: number, budget: Budget): Preview {
  const sized = sizeOf(value);
  const size = sized === null ? null : sized.size;
  const isList = Array.isArray(value) || isSet(value);
  // Contents of buffers are never shown, and what is too deep is counted only.
  const { members, more } =
    sized !== null && sized.unit === 'bytes'
      ? { members: [], more: 0 }
      : depth === 0
        ? { members: [], more: size }
        : membersOf(value, size ?? 0, depth, budget);
  return { className: classNameOf(value, MAX_TEXT), size, isList, members, more };
}

function membersOf(value: object, size: number, depth: number, budget: Budget): Members {
  if (isMap(value)) {
    const members = firstOf(Map.prototype.entries.call(value), budget, ([key, entry]) => ({
      key: preview(key, 0, budget),
      value: preview(entry, depth - 1, budget),
    }));
    return { members, more: size - members.length };
  }
  if (isSet(value)) {
    const members = firstOf(Set.prototype.values.call(value), budget, (entry) => ({
      key: null,
      value: preview(entry, depth - 1, budget),
    }));
    return { members, more: size - members.length };
  }
  if (!Array.isArray(value)) return properties(value, depth, budget);
  const members = [];
  for (let index = 0; index < size && hasRoom(members, budget); index += 1)
    members.push({ key: null, value: propertyPreview(value, index, depth, budget) });
  return { members, more: size - members.length };
}

function properties(value: object, depth: number, budget: Budget): Members {
  const keys = Reflect.ownKeys(value);
  const members: Member[] = [];
  let skipped = 0;
  for (const key of keys) {
    // Paths of files, line by line.
    if (key === 'stack' && isNativeError(value)) skipped += 1;
    else if (!hasRoom(members, budget)) break;
    else {
      const name: Preview =
        typeof key === 'symbol'
          ? { word: symbolWord(key) }
          : { text: key.slice(0, MAX_TEXT), length: key.length };
      members.push({ key: name, value: propertyPreview(value, key, depth, budget) });
    }
  }
  return { members, more: keys.length - skipped - members.length };
}

function propertyPreview(value: object, key: PropertyKey, depth: number, budget: Budget): Preview {
  try {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined) return { word: 'empty' };
    if ('value' in descriptor) return preview(descriptor.value, depth - 1, budget);
    return { word: '[getter]' };
  } catch {
    // A binding of a module that is not initialised yet.
    return { word: '[unavailable]' };
  }
}

/** Takes one of the members that are left. */
function hasRoom({ length }: readonly unknown[], budget: Budget): boolean {
  budget.members -= 1;
  return length < MAX_PROPERTIES && budget.members >= 0;
}

function firstOf<T, R>(iterator: Iterator<T>, budget: Budget, map: (value: T) => R): readonly R[] {
  const found: R[] = [];
  for (let step = iterator.next(); !step.done && hasRoom(found, budget); step = iterator.next())
    found.push(map(step.value));
  return found;
}

/** Never the source. */
function functionWord(value: object): string {
  const name = nameOf(value, MAX_TEXT);
  return name === '' ? '[function]' : `[function ${name}]`;
}

function symbolWord(value: symbol): string {
  return Symbol.prototype.toString.call(value).slice(0, MAX_TEXT);
}

/** A long one takes seconds to convert. */
function bigintWord(value: bigint): string {
  return BigInt.asIntN(64, value) === value ? `${value}n` : '[bigint]';
}

function dateWord(value: Date): string {
  const time = Date.prototype.getTime.call(value);
  return Number.isNaN(time) ? 'Invalid Date' : Date.prototype.toISOString.call(value);
}

/** Runs within an expression of the mode `read-only`, and so without side effects: returns a text of bounded length. */
function handOver(run: () => unknown): string {
  try {
    return JSON.stringify({ outcome: 'value', preview: preview(run(), MAX_DEPTH, { members: MAX_MEMBERS }) });
  } catch (error) {
    return JSON.stringify({
      outcome: 'thrown',
      preview: preview(error, MAX_DEPTH, { members: MAX_MEMBERS }),
    });
  }
}

export const previews = { handOver };
