/** Names of the steps in retainer paths that the heap engine makes, and of Node's classes by which mechanisms are known. */

/** What stands for the members of a collection in a path. */
export const ELEMENTS = '[]';
export const ENTRIES = 'entries';
/** What waits for a promise: the functions of its reactions. */
export const REACTIONS = 'reactions';
/** What an async resource, or the context of a turn, keeps for an AsyncLocalStorage. */
export const ASYNC_STORE = 'async store';
/** From the key of a WeakMap to the value kept for it. */
export const WEAK_VALUE = 'WeakMap value';
/** Edge from the root to a script, below which the variables of scopes hang that exist once. */
export const SCOPE = 'module scope';

/** Node's list of the timers of one duration. */
export const TIMERS_LIST = 'TimersList';
/** Where an EventEmitter and an EventTarget keep their listeners. */
export const EMITTER_LISTENERS = '_events';
export const TARGET_LISTENERS = '<symbol kEvents>';
/** The class of members that are plain numbers. */
export const NUMBERS = 'number';
/** Prefix of the classes of Node's native objects. */
export const NATIVE = 'Node / ';

/** One step of a retainer path, as a mechanism looks at it. */
export interface PathStep {
  readonly edge: string;
  readonly edgeType: string;
  /** Class of the object reached. */
  readonly node: string;
  readonly nodeType: string;
}
