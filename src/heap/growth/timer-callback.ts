import { isNodeScript, publicAddress } from '../../runtime/script-name.js';
import { scriptOf, target, targetOf } from '../graph/scopes.js';
import { EDGE, type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';

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

/** Names of the functions that timers call, the same in every process: they tell the timers of one list apart. */
export class TimerCallbacks {
  readonly #snapshot: HeapSnapshot;
  /** NodeOrdinal of a function's shared part → words. */
  readonly #known = new Map<number, string>();

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
  }

  of(timer: number): string {
    const { strings, nodeName } = this.#snapshot;
    const called = callbackOf(this.#snapshot, timer);
    const callback = called < 0 ? -1 : boundFunction(this.#snapshot, called);
    const shared = callback < 0 ? -1 : target(this.#snapshot, callback, 'shared');
    let words = this.#known.get(shared);
    if (words === undefined) {
      const name = callback < 0 ? '' : strings.text(nodeName[callback]!);
      const script = shared < 0 ? -1 : scriptOf(this.#snapshot, shared);
      words = `timers of ${name === '' ? 'a function' : `${name}()`}${place(script < 0 ? '' : strings.text(script))}`;
      this.#known.set(shared, words);
    }
    return words;
  }
}

function place(address: string): string {
  if (address === '') return '';
  if (isNodeScript(address)) return ' in node';
  return ` in ${publicAddress(address).replaceAll('\\', '/').replace(/^.*\//, '')}`;
}
