import { edgeTypeCode, type HeapSnapshot, nodeTypeCode } from '../snapshot/heap-snapshot.js';
import { scriptOf, target } from './scopes.js';
import { isOwnScript } from './script-name.js';

const OBJECT = nodeTypeCode('object');
const CLOSURE = nodeTypeCode('closure');
const PROPERTY = edgeTypeCode('property');

/** Tells the watcher's own objects from the program's: by the script of the class that made them. */
export class OwnObjects {
  readonly #snapshot: HeapSnapshot;
  /** NodeOrdinal of a prototype → whether its class is ours. */
  readonly #known = new Map<number, boolean>();

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
  }

  isOwn(node: number): boolean {
    if (this.#snapshot.nodeType[node] === CLOSURE) return this.#isOwnFunction(node);
    if (this.#snapshot.nodeType[node] !== OBJECT) return false;
    const prototype = this.#property(node, '__proto__');
    if (prototype < 0) return false;
    let own = this.#known.get(prototype);
    if (own === undefined) {
      const made = this.#property(prototype, 'constructor');
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

  /** Target of the property with this name, −1 means there is none. */
  #property(node: number, name: string): number {
    const { firstEdge, edgeType, edgeName, edgeTo, strings } = this.#snapshot;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      if (edgeType[edge] === PROPERTY && strings.text(edgeName[edge]!) === name) return edgeTo[edge]!;
    }
    return -1;
  }
}
