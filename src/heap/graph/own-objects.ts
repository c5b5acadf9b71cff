import { isOwnScript } from '../../runtime/script-name.js';
import { EDGE, type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';
import { scriptOf, target, targetOf } from './scopes.js';

/** Distinguishes the watcher's own objects from the program's, by the script of their class. */
export class OwnObjects {
  readonly #snapshot: HeapSnapshot;
  /** NodeOrdinal of a prototype → whether its class is ours. */
  readonly #known = new Map<number, boolean>();

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
  }

  isOwn(node: number): boolean {
    if (this.#snapshot.nodeType[node] === NODE.closure) return this.#isOwnFunction(node);
    if (this.#snapshot.nodeType[node] !== NODE.object) return false;
    const prototype = targetOf(this.#snapshot, node, EDGE.property, '__proto__');
    if (prototype < 0) return false;
    let own = this.#known.get(prototype);
    if (own === undefined) {
      const made = targetOf(this.#snapshot, prototype, EDGE.property, 'constructor');
      own = made >= 0 && this.#isOwnFunction(made);
      this.#known.set(prototype, own);
    }
    return own;
  }

  #isOwnFunction(closure: number): boolean {
    const shared = target(this.#snapshot, closure, 'shared');
    const script = shared < 0 ? -1 : scriptOf(this.#snapshot, shared);
    return script >= 0 && isOwnScript(this.#snapshot.strings.text(script));
  }
}
