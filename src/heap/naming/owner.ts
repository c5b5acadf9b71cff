import { openNative } from '../../mechanisms/open-resources.js';
import {
  ASYNC_STORE,
  EMITTER_LISTENERS,
  REACTIONS,
  SCOPE,
  TARGET_LISTENERS,
  TIMERS_LIST,
  WEAK_VALUE,
} from '../../mechanisms/path-names.js';
import { isNodeScript } from '../../runtime/script-name.js';
import type { MemberLocation } from '../sources/code-place.js';
import { GENERIC } from './generic-class.js';
import { isHandlePath } from './open-handle.js';
import type { RetainerStep } from './retainer-step.js';

/** Classes that a program makes many of without a class of its own. */
const COMMON: ReadonlySet<string> = new Set([
  'EventEmitter',
  'EventTarget',
  'AbortSignal',
  'AbortController',
]);

/** What V8 calls a function without a name. */
const UNNAMED = 'function';

/** What a path alone does not say of its holder. */
export interface OwnerFacts {
  /** The function that captured the variable the path begins with, null when unknown. */
  readonly closure: string | null;
  /** The module whose own variable that is, null when it is not a module's. */
  readonly script: string | null;
  /** The script of a package that this variable is of, null when it is of none. */
  readonly packaged: string | null;
  /** The event that the listeners wait for, null when unknown. */
  readonly event: string | null;
  /** What the newest timer calls, null when unknown. */
  readonly callback: MemberLocation | null;
  /** Address as a person writes it. */
  readonly shorten: (address: string) => string;
  /** Whether the class of this step of the path is a package's or Node's: the program's own say where in it that is. */
  readonly isForeign: (at: number) => boolean;
  /** The class of this step as a person knows it. */
  readonly titleOf: (at: number) => string;
}

/** A function's class is its name with brackets. */
export const plainTitle = (className: string): string => className.replace(/\(\)$/, '');

/** The holder as a person writes it, from its path with the members; a phrase in the singular. */
export function ownerName(path: readonly RetainerStep[], facts: OwnerFacts): string {
  const holder = path.slice(0, -1);
  const last = path.at(-1);
  if (holder.at(-1)?.node === TIMERS_LIST) return timerOwner(facts);
  if (isHandlePath(path)) return openHandleOwner(path.at(-1)!, facts) ?? nativeOwner(path.at(-1)!);
  if (path.length === 1) return nativeOwner(path[0]!);
  const listeners = listenerOwner(path, facts);
  if (listeners !== null) return listeners;
  if (last?.edge === REACTIONS)
    return `reaction list of the promise in ${plainOwner(holder, facts, GENERIC)}`;
  return weakOwner(holder, facts) || `closure variable ${path[0]?.edge || (last?.node ?? '')}`;
}

function timerOwner({ callback, shorten }: OwnerFacts): string {
  if (callback === null) return 'timer list of node:timers';
  return `timer list calling ${functionAt(callback, shorten)}`;
}

function functionAt(callback: MemberLocation, shorten: (address: string) => string): string {
  const isNamed = callback.function !== 'function' && !callback.function.startsWith('(');
  const name = isNamed ? `${callback.function}()` : 'a function';
  return `${name} at ${shorten(callback.url)}:${callback.line}`;
}

function listenerOwner(path: readonly RetainerStep[], facts: OwnerFacts): string | null {
  const at = path.findLastIndex(({ edge }) => edge === EMITTER_LISTENERS || edge === TARGET_LISTENERS);
  if (at < 1) return null;
  const isEmitter = path[at]!.edge === EMITTER_LISTENERS;
  // Further down lies something that the listeners hold.
  if (path.length - 1 - at > (isEmitter ? 2 : 3)) return null;
  const next = path[at + 1];
  const event = isEmitter && next?.edgeType === 'property' ? next.edge : facts.event;
  const emitter = path[at - 1]!;
  const what = isEmitter ? 'listener array' : 'listener list';
  const phrase = `${what}${event === null ? '' : ` of event '${event}'`} of ${facts.titleOf(at - 1)}`;
  if (!COMMON.has(emitter.node)) return `${phrase}${keptBy(path, at - 1, facts)}`;
  return `${phrase} (${plainOwner(path.slice(0, at), facts, COMMON)})`;
}

function weakOwner(holder: readonly RetainerStep[], facts: OwnerFacts): string {
  const at = holder.findLastIndex(({ edge }) => edge === WEAK_VALUE);
  if (at < 0) return plainOwner(holder, facts, GENERIC);
  const below = holder
    .slice(at + 1)
    .map(segment)
    .join('');
  return `WeakMap value${below} for ${plainOwner(holder.slice(0, at), facts, GENERIC)}`;
}

/** What is open is held by Node's event loop, whoever else lets it go. */
function openHandleOwner({ node }: RetainerStep, { callback, shorten }: OwnerFacts): string | null {
  const what = openNative(node);
  if (what === null) return null;
  return callback === null ? what : `${what} calling ${functionAt(callback, shorten)}`;
}

const nativeOwner = ({ node }: RetainerStep): string => `native objects ${node}`;

/** The nearest class with a name and the properties from there on, or the variable it hangs on. */
function plainOwner(path: readonly RetainerStep[], facts: OwnerFacts, generic: ReadonlySet<string>): string {
  const { text, at } = nearestOwner(path, facts, generic);
  return at < 0 ? text : `${text}${keptBy(path, at, facts)}`;
}

/**
 * A class of a package or of Node may be in use in many places: which one is told by the nearest class or variable of
 * the program above it.
 */
function keptBy(path: readonly RetainerStep[], from: number, facts: OwnerFacts): string {
  for (let at = from; at > 0 && facts.isForeign(at); ) {
    const above = nearestOwner(path.slice(0, at + 1), facts, GENERIC);
    if (above.at < 0) return above.isNamed && facts.packaged === null ? ` of ${above.text}` : '';
    if (!facts.isForeign(above.at)) return ` of ${above.text}`;
    at = above.at;
  }
  return '';
}

interface Owner {
  readonly text: string;
  /** The step of the class it begins with, −1 means it begins with a variable or a root. */
  readonly at: number;
  /** A class, or a variable of the program's. */
  readonly isNamed: boolean;
}

function nearestOwner(path: readonly RetainerStep[], facts: OwnerFacts, generic: ReadonlySet<string>): Owner {
  let name = '';
  for (let at = path.length - 1; at >= 0; at--) {
    const step = path[at]!;
    const isHolder = at === path.length - 1;
    if (step.edge === SCOPE)
      return { text: `module ${step.node}${name}`, at: -1, isNamed: name === '' && !isNodes(step) };
    if (!isHolder && !GENERIC.has(step.node) && !generic.has(step.node))
      return { text: `${facts.titleOf(at)}${name}`, at, isNamed: true };
    if (step.edgeType === 'variable')
      return { text: variableOwner(path, at, name, facts), at: -1, isNamed: !isNodes(path[at - 1]) };
    if (step.edgeType === 'root') {
      const root = step.edge === '' ? step.node : `${step.edge} of ${step.node}`;
      return { text: `${root}${name}`, at: -1, isNamed: false };
    }
    name = `${segment(step)}${name}`;
  }
  return { text: name.replace(/^\./, ''), at: -1, isNamed: false };
}

const isNodes = (step: RetainerStep | undefined): boolean => step?.edge === SCOPE && isNodeScript(step.node);

function segment({ edge, edgeType }: RetainerStep): string {
  if (edgeType === 'property') return `.${edge}`;
  if (edgeType !== 'internal') return '[]';
  // Scopes and the like stand in brackets already: they say nothing to who reads JavaScript.
  return edge.startsWith('(') ? '' : `.(${edge})`;
}

/** A function without a name says less than the script that it stands in. */
function variableOwner(
  path: readonly RetainerStep[],
  at: number,
  below: string,
  { closure, script, packaged }: OwnerFacts,
): string {
  const variable = path[at]!.edge;
  if (variable === ASYNC_STORE) return `AsyncLocalStorage store${below}`;
  if (script !== null) return `module variable ${variable}${below} of ${script}`;
  const scope = path[at - 1]?.edge === SCOPE ? path[at - 1]!.node : null;
  const where = packaged ?? (closure === UNNAMED ? scope : null);
  const whose = closure === null || (closure === UNNAMED && where !== null) ? '' : ` of ${closure}`;
  return `closure variable ${variable}${below}${whose}${where === null ? '' : ` in ${where}`}`;
}
