import { memo } from '../../runtime/memo.js';
import { isOwnScript } from '../../runtime/script-name.js';
import { EDGE, type HeapSnapshot, NODE } from '../snapshot/heap-snapshot.js';
import { scriptOf, target, targetOf } from './scopes.js';

/** Distinguishes the watcher's own objects from the program's, by the script of their class. */
export class OwnObjects {
  readonly #snapshot: HeapSnapshot;
  readonly #isOwnPrototype = memo((prototype: number) =>
    this.#isOwnFunction(targetOf(this.#snapshot, prototype, EDGE.property, 'constructor')),
  );

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
  }

  isOwn(node: number): boolean {
    if (this.#snapshot.nodeType[node] === NODE.closure) return this.#isOwnFunction(node);
    if (this.#snapshot.nodeType[node] !== NODE.object) return false;
    return this.#isOwnPrototype(targetOf(this.#snapshot, node, EDGE.property, '__proto__'));
  }

  #isOwnFunction(closure: number): boolean {
    const script = scriptOf(this.#snapshot, target(this.#snapshot, closure, 'shared'));
    return script >= 0 && isOwnScript(this.#snapshot.strings.text(script));
  }
}
