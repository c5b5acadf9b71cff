import { ASYNC_STORE, REACTIONS, WEAK_VALUE } from '../growth/path-tree.js';
import { TIMERS_LIST } from '../growth/timer-callback.js';
import type { MemberLocation, RetainerStep } from './suspect.js';

/** Classes that say nothing about whose they are: the name of what holds them is put before. */
export const GENERIC: ReadonlySet<string> = new Set([
  'Object',
  'Array',
  'Map',
  'Set',
  'WeakMap',
  'WeakSet',
  'Promise',
  'string',
  'function',
]);
/** Classes that a program makes many of without a class of its own. */
const COMMON: ReadonlySet<string> = new Set([
  'EventEmitter',
  'EventTarget',
  'AbortSignal',
  'AbortController',
]);

export const EMITTER_LISTENERS = '_events';
export const TARGET_LISTENERS = '<symbol kEvents>';

/** What a path alone does not say of its holder. */
export interface OwnerFacts {
  /** The function that captured the variable the path begins with, null when unknown. */
  readonly closure: string | null;
  /** The module whose own variable that is, null when it is not a module's. */
  readonly script: string | null;
  /** The event that the listeners wait for, null when unknown. */
  readonly event: string | null;
  /** What the newest timer calls, null when unknown. */
  readonly callback: MemberLocation | null;
  /** Address as a person writes it. */
  readonly shorten: (address: string) => string;
}

/** The holder as a person writes it, from its path with the members; a phrase in the singular. */
export function ownerName(path: readonly RetainerStep[], facts: OwnerFacts): string {
  const holder = path.slice(0, -1);
  const last = path.at(-1);
  if (holder.at(-1)?.node === TIMERS_LIST) return timerOwner(facts);
  const listeners = listenerOwner(path, facts);
  if (listeners !== null) return listeners;
  if (last?.edge === REACTIONS)
    return `reaction list of the promise in ${plainOwner(holder, facts, GENERIC)}`;
  return weakOwner(holder, facts) || `closure variable ${path[0]?.edge || (last?.node ?? '')}`;
}

function timerOwner({ callback, shorten }: OwnerFacts): string {
  if (callback === null) return 'timer list of node:timers';
  const name = callback.function === 'function' ? 'a function' : `${callback.function}()`;
  return `timer list calling ${name} at ${shorten(callback.url)}:${callback.line}`;
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
  const where = COMMON.has(emitter.node) ? ` (${plainOwner(path.slice(0, at), facts, COMMON)})` : '';
  const what = isEmitter ? 'listener array' : 'listener list';
  return `${what}${event === null ? '' : ` of event '${event}'`} of ${emitter.node}${where}`;
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

/** The nearest class with a name and the properties from there on, or the variable it hangs on. */
function plainOwner(path: readonly RetainerStep[], facts: OwnerFacts, generic: ReadonlySet<string>): string {
  let name = '';
  for (let at = path.length - 1; at >= 0; at--) {
    const step = path[at]!;
    const isHolder = at === path.length - 1;
    if (!isHolder && !GENERIC.has(step.node) && !generic.has(step.node))
      return `${step.node.replace(/\(\)$/, '')}${name}`;
    if (step.edgeType === 'variable') return variableOwner(step.edge, name, facts);
    if (step.edgeType === 'root')
      return `${step.edge === '' ? step.node : `${step.edge} of ${step.node}`}${name}`;
    name = `${segment(step)}${name}`;
  }
  return name.replace(/^\./, '');
}

function segment({ edge, edgeType }: RetainerStep): string {
  if (edgeType === 'property') return `.${edge}`;
  if (edgeType !== 'internal') return '[]';
  // Scopes and the like stand in brackets already: they say nothing to who reads JavaScript.
  return edge.startsWith('(') ? '' : `.(${edge})`;
}

function variableOwner(variable: string, below: string, { closure, script }: OwnerFacts): string {
  if (variable === ASYNC_STORE) return `AsyncLocalStorage store${below}`;
  if (script !== null) return `module variable ${variable}${below} of ${script}`;
  return `closure variable ${variable}${below}${closure === null ? '' : ` of ${closure}`}`;
}
