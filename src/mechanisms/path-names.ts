/** Names of the steps in retainer paths that the heap engine makes, and of Node's classes by which mechanisms are known. */

/** Edges that stand for the members of a collection in a path. */
export const ELEMENTS = '[]';
export const ENTRIES = 'entries';
/** From a promise to the functions that wait for it. */
export const REACTIONS = 'reactions';
/** From an async resource, or the context of a turn, to the store of an AsyncLocalStorage. */
export const ASYNC_STORE = 'async store';
/** From the key of a WeakMap to the value kept for it. */
export const WEAK_VALUE = 'WeakMap value';
/** From the root to a script, below which hang the variables of scopes that exist once. */
export const SCOPE = 'module scope';

/** Node's list of the timers of one duration. */
export const TIMERS_LIST = 'TimersList';
/** Where an EventEmitter and an EventTarget keep their listeners. */
export const EMITTER_LISTENERS = '_events';
export const LISTENERS: ReadonlySet<string> = new Set([EMITTER_LISTENERS, '<symbol kEvents>']);
/** The class of members that are plain numbers. */
export const NUMBERS = 'number';
/** Prefix of the classes of Node's native objects. */
export const NATIVE = 'Node / ';

/** One step of a retainer path, as a mechanism sees it. */
export interface PathStep {
  readonly edge: string;
  readonly edgeType: string;
  /** Class of the object reached. */
  readonly node: string;
  readonly nodeType: string;
}
