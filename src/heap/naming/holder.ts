import {
  ASYNC_STORE,
  EMITTER_LISTENERS,
  LISTENERS,
  REACTIONS,
  SCOPE,
  TIMERS_LIST,
  WEAK_VALUE,
} from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import type { MemberLocation } from '../sources/code-place.js';
import { COMMON, GENERIC } from './generic-class.js';
import { isHandlePath } from './open-handle.js';
import type { RetainerStep } from './retainer-step.js';

/** V8's name for a function without one. */
const UNNAMED = 'function';

/** A named place in the program. `path`: the properties from there to the holder, `.sessions`, `.rooms[]`, or empty. */
export type Place =
  /** A class. `keptBy`: if it is a package's or Node's, the nearest place in the program itself that leads to it. */
  | { readonly kind: 'class'; readonly name: string; readonly path: string; readonly keptBy: Place | null }
  /** A module; which of its variables is unknown. */
  | { readonly kind: 'module'; readonly script: string; readonly path: string }
  /** A variable of a module; if `ofModule` is false, it may also be one of a function in that module. */
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly path: string;
      readonly script: string;
      readonly ofModule: boolean;
    }
  /** A variable that a function captured. `closure` and `script` are null if unknown, or if the other one says enough. */
  | {
      readonly kind: 'closure-variable';
      readonly name: string;
      readonly path: string;
      readonly closure: string | null;
      readonly script: string | null;
    }
  | { readonly kind: 'async-store'; readonly path: string }
  /** A GC root: what `edge` leads to in one of V8's lists of roots. */
  | { readonly kind: 'root'; readonly name: string; readonly edge: string; readonly path: string }
  /** No step on the way has a name. */
  | { readonly kind: 'path'; readonly path: string };

/** What holds the members of a path: a place, or a list in which Node or V8 keeps what a program registered. */
export type Holder =
  | Place
  /** Node's list of timers. `callback`: the function that the newest one calls, null if unknown. */
  | { readonly kind: 'timers'; readonly callback: MemberLocation | null }
  /** Node's list of open handles. `className`: of the native objects; `callback`: the function that waits for the newest one. */
  | { readonly kind: 'open'; readonly className: string; readonly callback: MemberLocation | null }
  | { readonly kind: 'native-objects'; readonly className: string }
  /** `place`: of an emitter whose class does not show which one it is; `keptBy`: as for a class. At most one of them is set. */
  | {
      readonly kind: 'listeners';
      readonly list: 'array' | 'list';
      readonly event: string | null;
      readonly emitter: string;
      readonly place: Place | null;
      readonly keptBy: Place | null;
    }
  /** The functions that wait for the promise in `place`. */
  | { readonly kind: 'reactions'; readonly place: Place }
  /** A WeakMap's value for the key in `place`; `path` is below that value. */
  | { readonly kind: 'weak-value'; readonly path: string; readonly place: Place };

/** The scope of the variable at the start of a path. */
export interface CapturingScope {
  /** The function that captured the variable, null if unknown. */
  readonly closure: string | null;
  /** The module whose variable it is, null if it is not a module's. */
  readonly script: string | null;
  /** Its script if that is in a package, else null. */
  readonly packaged: string | null;
}

/** Facts about a holder that its path alone does not show. */
export interface HolderFacts {
  /** Null if only the path is known. */
  readonly scope: CapturingScope | null;
  /** The event that the listeners wait for, null if unknown. */
  readonly event: string | null;
  /** The function that the newest timer calls, or that waits for the newest handle; null if unknown. */
  readonly callback: MemberLocation | null;
  /** Whether the class of this step of the path is a package's or Node's, and so may be used in many places. */
  readonly isForeign: (at: number) => boolean;
  /** The class of this step as people know it. */
  readonly titleOf: (at: number) => string;
}

export const UNKNOWN: CapturingScope = { closure: null, script: null, packaged: null };

/** A function's class is its name with brackets. */
export const plainTitle = (className: string): string => className.replace(/\(\)$/, '');

/** The holder as far as the path alone shows it; the objects on the path were not looked at. */
export const pathHolder = (path: readonly RetainerStep[]): Holder =>
  holderOf(path, {
    scope: null,
    event: null,
    callback: null,
    isForeign: () => false,
    titleOf: (at) => plainTitle(path[at]!.node),
  });

/** The holder at the end of a path, whose last step leads to the members. */
export function holderOf(path: readonly RetainerStep[], facts: HolderFacts): Holder {
  const { callback } = facts;
  const above = path.slice(0, -1);
  const { edge, node: className } = path.at(-1)!;
  if (above.at(-1)?.node === TIMERS_LIST) return { kind: 'timers', callback };
  // Node's event loop holds open handles, whoever is to close them.
  if (isHandlePath(path)) return { kind: 'open', className, callback };
  if (above.length === 0) return { kind: 'native-objects', className };
  const listeners = listenerHolder(path, facts);
  if (listeners !== null) return listeners;
  if (edge === REACTIONS) return { kind: 'reactions', place: placeOf(above, facts) };
  const at = above.findLastIndex((step) => step.edge === WEAK_VALUE);
  if (at >= 0) {
    const below = above.slice(at + 1).map(segment);
    return { kind: 'weak-value', path: below.join(''), place: placeOf(above.slice(0, at), facts) };
  }
  const place = placeOf(above, facts);
  return place.kind === 'path' && place.path === ''
    ? closureVariable(above[0]?.edge || className, '', null, null)
    : place;
}

function listenerHolder(path: readonly RetainerStep[], facts: HolderFacts): Holder | null {
  const at = path.findLastIndex(({ edge }) => LISTENERS.has(edge));
  if (at < 1) return null;
  const isEmitter = path[at]!.edge === EMITTER_LISTENERS;
  // Members further down are held by a listener, not by the list.
  if (path.length - 1 - at > (isEmitter ? 2 : 3)) return null;
  const next = path[at + 1];
  const isCommon = COMMON.has(path[at - 1]!.node);
  return {
    kind: 'listeners',
    list: isEmitter ? 'array' : 'list',
    event: isEmitter && next?.edgeType === 'property' ? next.edge : facts.event,
    emitter: facts.titleOf(at - 1),
    place: isCommon ? placeOf(path.slice(0, at), facts, COMMON) : null,
    keptBy: isCommon ? null : keptBy(path, at - 1, facts),
  };
}

/** The nearest class with a name, or variable, and the properties from there on. */
function placeOf(path: readonly RetainerStep[], facts: HolderFacts, generic = GENERIC): Place {
  const { place, at } = nearestPlace(path, facts, generic);
  return place.kind === 'class' ? { ...place, keptBy: keptBy(path, at, facts) } : place;
}

/** Distinguishes objects of a foreign class: the nearest class or variable of the program above it. */
function keptBy(path: readonly RetainerStep[], from: number, facts: HolderFacts): Place | null {
  for (let at = from; at > 0 && facts.isForeign(at); ) {
    const above = nearestPlace(path.slice(0, at + 1), facts);
    if (above.at < 0) return above.isNamed && facts.scope?.packaged == null ? above.place : null;
    if (!facts.isForeign(above.at)) return above.place;
    at = above.at;
  }
  return null;
}

interface Nearest {
  readonly place: Place;
  /** The step of the class that it begins with; −1 means that it begins with a variable or a root. */
  readonly at: number;
  /** It is a class or a variable of the program, not of Node. */
  readonly isNamed: boolean;
}

function nearestPlace(steps: readonly RetainerStep[], facts: HolderFacts, generic = GENERIC): Nearest {
  let path = '';
  for (let at = steps.length - 1; at >= 0; at--) {
    const step = steps[at]!;
    const isHolder = at === steps.length - 1;
    if (step.edge === SCOPE) {
      const isNamed = path === '' && !isNodes(step);
      return { place: { kind: 'module', script: step.node, path }, at: -1, isNamed };
    }
    if (!isHolder && !GENERIC.has(step.node) && !generic.has(step.node))
      return { place: { kind: 'class', name: facts.titleOf(at), path, keptBy: null }, at, isNamed: true };
    if (step.edgeType === 'variable')
      return { place: variablePlace(steps, at, path, facts), at: -1, isNamed: !isNodes(steps[at - 1]) };
    if (step.edgeType === 'root') {
      const { edge, node: name } = step;
      return { place: { kind: 'root', name, edge, path }, at: -1, isNamed: false };
    }
    path = `${segment(step)}${path}`;
  }
  return { place: { kind: 'path', path: path.replace(/^\./, '') }, at: -1, isNamed: false };
}

const isNodes = (step: RetainerStep | undefined): boolean => step?.edge === SCOPE && isNodeScript(step.node);

function segment({ edge, edgeType }: RetainerStep): string {
  if (edgeType === 'property') return `.${edge}`;
  if (edgeType !== 'internal') return '[]';
  // V8's own names, such as those of scopes, are in brackets: JavaScript has no word for them.
  return edge.startsWith('(') ? '' : `.(${edge})`;
}

/** If the function has no name, its script says more. */
function variablePlace(
  steps: readonly RetainerStep[],
  at: number,
  path: string,
  { scope }: HolderFacts,
): Place {
  const name = steps[at]!.edge;
  const [first] = steps;
  if (name === ASYNC_STORE) return { kind: 'async-store', path };
  if (scope === null && first?.edge === SCOPE && first.edgeType === 'root')
    return { kind: 'variable', name, path, script: first.node, ofModule: false };
  const { closure, script, packaged } = scope ?? UNKNOWN;
  if (script !== null) return { kind: 'variable', name, path, script, ofModule: true };
  const module = steps[at - 1]?.edge === SCOPE ? steps[at - 1]!.node : null;
  const where = packaged ?? (closure === UNNAMED ? module : null);
  return closureVariable(name, path, closure === UNNAMED && where !== null ? null : closure, where);
}

function closureVariable(name: string, path: string, closure: string | null, script: string | null): Place {
  return { kind: 'closure-variable', name, path, closure, script };
}
