import { types } from 'node:util';

// Also used within expressions, where V8 refuses to read a variable that a module imports or exports: hence these constants,
// and one exported object instead of exported functions.
const { isProxy, isMap, isSet, isArrayBufferView, isArrayBuffer } = types;

const MAX_NAME = 200;
const UNKNOWN = 'Object';
/** Prototypes of one object's chain that are looked at; a program's classes have a handful. */
const MAX_CHAIN = 50;

/**
 * What is said of a value without running a line of the program: no getter and no trap of a Proxy is called, and no list of
 * keys is made, which takes V8 0.4 to 0.7 ms a thousand and cannot be interrupted.
 */
export interface Shape {
  readonly className: string;
  /** Null where V8 does not keep it, as for the number of properties. */
  readonly size: number | null;
  readonly unit: 'entries' | 'elements' | 'bytes' | 'characters' | null;
}

export type Constructor = abstract new () => unknown;

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** The value of an own property; undefined for a getter, for a Proxy and for a property that is not there. */
function dataProperty(value: object, key: PropertyKey): unknown {
  return isProxy(value) ? undefined : Object.getOwnPropertyDescriptor(value, key)?.value;
}

/** Constructors along the prototype chain, nearest first, at most `limit`. */
function constructorsOf(value: object, limit = MAX_CHAIN): readonly Constructor[] {
  const found: Constructor[] = [];
  let at: object | null = value;
  for (let steps = 0; at !== null && steps < MAX_CHAIN && found.length < limit && !isProxy(at); steps += 1) {
    const maker = dataProperty(at, 'constructor');
    if (typeof maker === 'function' && !isProxy(maker) && !found.includes(maker as Constructor))
      found.push(maker as Constructor);
    at = Object.getPrototypeOf(at);
  }
  return found;
}

/** A class, or a function's own name. */
function classNameOf(value: object, limit = MAX_NAME): string {
  if (isProxy(value)) return 'Proxy';
  if (typeof value === 'function') return nameOf(value, limit) || 'Function';
  const [nearest] = constructorsOf(value, 1);
  return (nearest === undefined ? '' : nameOf(nearest, limit)) || UNKNOWN;
}

function nameOf(named: object, limit = MAX_NAME): string {
  const name = dataProperty(named, 'name');
  return typeof name === 'string' ? name.slice(0, limit) : '';
}

function shapeOf(value: unknown): Shape {
  if (typeof value === 'string') return { className: 'String', size: value.length, unit: 'characters' };
  if (!isObject(value)) return { className: value === null ? 'null' : typeof value, size: null, unit: null };
  return { className: classNameOf(value), ...(sizeOf(value) ?? { size: null, unit: null }) };
}

const MAP_SIZE = getterOf(Map.prototype, 'size');
const SET_SIZE = getterOf(Set.prototype, 'size');
const VIEW_BYTES = getterOf(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength');
const DATA_VIEW_BYTES = getterOf(DataView.prototype, 'byteLength');
const BUFFER_BYTES = getterOf(ArrayBuffer.prototype, 'byteLength');

/** The getter of a built-in class: a subclass may have one of its own, which is the program's code. */
function getterOf(prototype: object, name: string): (value: object) => number {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)!;
  return (value) => Reflect.apply(get!, value, []) as number;
}

/** Null for anything but a collection, a buffer or an array. */
function sizeOf(
  value: object,
): { readonly size: number; readonly unit: 'entries' | 'elements' | 'bytes' } | null {
  if (isProxy(value)) return null;
  if (isMap(value)) return { size: MAP_SIZE(value), unit: 'entries' };
  if (isSet(value)) return { size: SET_SIZE(value), unit: 'entries' };
  if (Array.isArray(value)) return { size: value.length, unit: 'elements' };
  if (isArrayBufferView(value)) return { size: viewBytes(value), unit: 'bytes' };
  if (isArrayBuffer(value)) return { size: BUFFER_BYTES(value), unit: 'bytes' };
  return null;
}

/** Not `isDataView`, which has a side effect in V8's eyes from Node 24 on. */
function viewBytes(value: object): number {
  try {
    return VIEW_BYTES(value);
  } catch {
    return DATA_VIEW_BYTES(value);
  }
}

export const shapes = { isObject, dataProperty, constructorsOf, classNameOf, nameOf, shapeOf, sizeOf };
