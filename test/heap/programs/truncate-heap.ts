/**
 * What the forked child of a sampled capture does before its snapshot, without a fork: finds the collections of this
 * process with an inspector session and truncates them. The process is good for nothing but a snapshot afterwards.
 */
import { type Runtime, Session } from 'node:inspector';
import { setFlagsFromString } from 'node:v8';
import { truncateCollections } from '../../../src/capture/truncation.js';

/** Small, so that programs of a few hundred calls are truncated. */
const BOUNDS = { threshold: 120, keepOldest: 40, keepNewest: 60 };

export function truncateHeap(): void {
  // A compiler at work would hold hidden classes, and by them the contexts that they are of.
  setFlagsFromString('--no-opt');
  setFlagsFromString('--no-maglev');
  if (truncateCollections(findObjects(), BOUNDS).truncated === 0) throw new Error('nothing was truncated');
}

function findObjects(): readonly object[] {
  const found = new Set<object>();
  Object.defineProperty(globalThis, 'leakwatchTest', {
    value: (objects: readonly object[]) => {
      for (const object of objects) collect(object, found);
    },
    configurable: true,
  });
  queryObjects();
  Reflect.deleteProperty(globalThis, 'leakwatchTest');
  return [...found];
}

function queryObjects(): void {
  const session = new Session();
  session.connect();
  // A session of the own thread answers before `post` returns.
  let prototypeObjectId = '';
  session.post('Runtime.evaluate', { expression: 'Object.prototype' }, (_, { result }) => {
    prototypeObjectId = String(result.objectId);
  });
  let all: Runtime.RemoteObject | null = null;
  session.post('Runtime.queryObjects', { prototypeObjectId }, (_, { objects }) => {
    all = objects;
  });
  const functionDeclaration = 'function () { globalThis.leakwatchTest(this); }';
  const { objectId } = all as unknown as Runtime.RemoteObject;
  session.post('Runtime.callFunctionOn', { objectId: String(objectId), functionDeclaration });
  session.disconnect();
}

/** To look at them makes V8 build what it had put off. */
const NOT_READ = new Set<PropertyKey>(['prototype', 'stack']);

/** The inspector does not find objects without a prototype, but what holds them. */
function collect(object: object, found: Set<object>): void {
  found.add(object);
  if (Array.isArray(object) || ArrayBuffer.isView(object)) return;
  for (const key of Reflect.ownKeys(object)) {
    const value: unknown = NOT_READ.has(key) ? null : Reflect.getOwnPropertyDescriptor(object, key)?.value;
    if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null)
      found.add(value);
  }
}
