import { types } from 'node:util';
import type { RetainerStep } from '../heap/naming/retainer-step.js';
import { say } from '../runtime/say.js';
import type { ExposedRoots } from './exposed-roots.js';
import { shapes } from './shape.js';

const { classNameOf, dataProperty, isObject } = shapes;

/** The object that holds the members of a finding, found in the running program. */
export type LiveOwner =
  | { readonly found: true; readonly value: object; readonly via: string }
  | { readonly found: false; readonly reason: string };

/** Many objects have these classes, so the class alone does not show that an object stands on the path. */
const GENERIC = new Set(['', 'Object', 'Array', 'Map', 'Set', 'WeakMap', 'Function', 'Buffer', 'Proxy']);

/**
 * Follows the path of a finding from what can be named: the global object, or an exposed root that stands on the path, by
 * its class or by the name of its property. Own data properties are the only steps that can be followed: variables of
 * closures and private fields are out of reach of any code, and a getter would run the program.
 */
export function liveOwner(path: readonly RetainerStep[], roots: ExposedRoots): LiveOwner {
  const ownerAt = path.length - 2;
  if (ownerAt < 0) return { found: false, reason: say`no path in the heap is known for it` };
  let reached = false;
  // Nearest to the members first: the fewest steps have to be right.
  for (let at = ownerAt; at >= 0; at -= 1) {
    for (const { via, value } of startsAt(path[at]!, roots)) {
      reached = true;
      const owner = follow(value, path.slice(at + 1, ownerAt + 1));
      if (owner !== null) return { found: true, value: owner, via };
    }
  }
  return {
    found: false,
    reason: reached
      ? say`the path from what is exposed leads through a variable, a private field or an entry, or it has changed`
      : say`nothing on its path is exposed: the program has to call watcher.expose() when it starts, with an object on the path`,
  };
}

function startsAt(step: RetainerStep, roots: ExposedRoots): readonly { via: string; value: object }[] {
  if (step.edgeType === 'root' && step.node === 'globalThis')
    return [{ via: 'globalThis', value: globalThis }];
  const starts: { via: string; value: object }[] = [];
  for (const name of roots.names) {
    const reading = roots.read(name);
    if (!('value' in reading) || !isObject(reading.value) || types.isProxy(reading.value)) continue;
    const isOnPath =
      classNameOf(reading.value) === step.node && (step.edge === name || !GENERIC.has(step.node));
    if (isOnPath) starts.push({ via: name, value: reading.value });
  }
  return starts;
}

/** Null if a step cannot be followed, or leads to an object of another class. */
function follow(from: object, steps: readonly RetainerStep[]): object | null {
  let at = from;
  for (const { edge, edgeType, node } of steps) {
    if (edgeType !== 'property' && edgeType !== 'element') return null;
    const next = dataProperty(at, edge);
    if (!isObject(next) || types.isProxy(next) || classNameOf(next) !== node) return null;
    at = next;
  }
  return at;
}
