import { isNodeScript, publicAddress } from '../../runtime/script-name.js';
import { scriptOf, target, targetOf } from '../graph/scopes.js';
import { EDGE, type HeapSnapshot, NODE, nameOf } from '../snapshot/heap-snapshot.js';

export const TIMER = 'Timeout';
/** A function may be bound more than once. */
const MAX_BOUND = 4;
/** How the timers of a list hang together. */
export const TIMER_LINKS: readonly string[] = ['_idleNext', '_idlePrev'];

/** NodeOrdinal of the function that a timer calls, −1 means none. */
export function callbackOf(snapshot: HeapSnapshot, timer: number): number {
  const callback = targetOf(snapshot, timer, EDGE.property, '_onTimeout');
  return callback >= 0 && snapshot.nodeType[callback] === NODE.closure ? callback : -1;
}

/** The function that a bound one calls; the function itself when it is not bound. */
export function boundFunction(snapshot: HeapSnapshot, closure: number): number {
  let asked = closure;
  for (let times = 0; times < MAX_BOUND; times++) {
    const bound = target(snapshot, asked, 'bound_function');
    if (bound < 0) break;
    asked = bound;
  }
  return asked;
}

/** Names of the functions that timers call, the same in every process: they distinguish the timers of one list. */
export function timerNames(snapshot: HeapSnapshot): (timer: number) => string {
  /** NodeOrdinal of a function's shared part → words. */
  const known = new Map<number, string>();
  return (timer) => {
    const callback = boundFunction(snapshot, callbackOf(snapshot, timer));
    const shared = target(snapshot, callback, 'shared');
    const name = callback < 0 ? '' : nameOf(snapshot, callback);
    const words =
      known.get(shared) ?? `timers of ${name === '' ? 'a function' : `${name}()`}${place(snapshot, shared)}`;
    known.set(shared, words);
    return words;
  };
}

function place(snapshot: HeapSnapshot, shared: number): string {
  const script = scriptOf(snapshot, shared);
  const address = script < 0 ? '' : snapshot.strings.text(script);
  if (address === '') return '';
  if (isNodeScript(address)) return ' in node';
  return ` in ${publicAddress(address).replaceAll('\\', '/').replace(/^.*\//, '')}`;
}
