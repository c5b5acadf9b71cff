import { targetOf } from '../graph/scopes.js';
import { EDGE, type HeapSnapshot, NODE, NODE_TYPES } from '../snapshot/heap-snapshot.js';
import { NODE_KINDS, type NodeKind } from './path-tree.js';

const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
/** Node type → 1 where names are content, as many as there are nodes, and do not make the class. */
export const NAMELESS = Uint8Array.from(NODE_TYPES, (type) =>
  /string|number|bigint|symbol|regexp|^code|^array|hidden|shape/.test(type) ? 1 : 0,
);
const ANONYMOUS = 'function';
/** Made by this constructor and given the prototype of another afterwards: AbortSignal, in older versions. */
const BORROWED = 'EventTarget';

/** Classes of nodes as people call them, computed once per name. */
export class ClassNames {
  readonly #snapshot: HeapSnapshot;
  readonly #globals: ReadonlySet<number>;
  readonly #borrowedName: number;
  /** Key → class name. */
  readonly #known = new Map<number, string>();
  /** NodeOrdinal of a prototype → name of its class. */
  readonly #borrowers = new Map<number, string>();

  constructor(snapshot: HeapSnapshot, globals: readonly number[]) {
    this.#snapshot = snapshot;
    this.#globals = new Set(globals);
    this.#borrowedName = snapshot.strings.find(BORROWED);
  }

  of(node: number): string {
    if (this.#globals.has(node)) return 'globalThis';
    const { nodeType, nodeName } = this.#snapshot;
    const key = this.kindKey(node);
    let name = this.#known.get(key);
    if (name === undefined) {
      name = className(NODE_TYPES[nodeType[node]!] ?? 'hidden', this.#snapshot.strings.text(nodeName[node]!));
      this.#known.set(key, name);
    }
    return name === BORROWED ? this.#classOfPrototype(node) : name;
  }

  /** The same number for nodes of one class, as far as `isSettled` says so. */
  kindKey(node: number): number {
    const type = this.#snapshot.nodeType[node]!;
    return NAMELESS[type] === 1 ? type : this.#snapshot.nodeName[node]! * NODE_TYPES.length + type;
  }

  /** Whether all nodes of this key are of this class. */
  isSettled(node: number): boolean {
    return !this.#globals.has(node) && this.#snapshot.nodeName[node] !== this.#borrowedName;
  }

  #classOfPrototype(node: number): string {
    const prototype = targetOf(this.#snapshot, node, EDGE.property, '__proto__');
    let name = this.#borrowers.get(prototype);
    if (name === undefined) {
      const made = prototype < 0 ? -1 : targetOf(this.#snapshot, prototype, EDGE.property, 'constructor');
      name = made < 0 ? BORROWED : this.#snapshot.strings.text(this.#snapshot.nodeName[made]!) || BORROWED;
      this.#borrowers.set(prototype, name);
    }
    return name;
  }

  /** Index into NODE_KINDS. */
  kindOf(node: number): number {
    const type = this.#snapshot.nodeType[node]!;
    return NODE_KINDS.indexOf(
      type === NODE.closure ? 'closure' : kind(NODE_TYPES[type] ?? 'hidden', this.of(node)),
    );
  }
}

function className(type: string, name: string): string {
  switch (type) {
    case 'string':
    case 'concatenated string':
    case 'sliced string':
      return 'string';
    case 'closure':
      return name === '' ? ANONYMOUS : `${name}()`;
    case 'regexp':
      return 'RegExp';
    case 'code':
      return '(compiled code)';
    case 'object shape':
      return '(object shape)';
    case 'array':
      return '(array)';
    case 'number':
    case 'symbol':
    case 'bigint':
      return type;
    case 'hidden':
      return '(system)';
    default:
      // V8 appends the constructor's or the page's details to the names of some host objects.
      return name === '' ? 'Object' : name;
  }
}

function kind(type: string, name: string): NodeKind {
  if (name === 'string') return 'string';
  if (name === 'Array') return 'array';
  if (COLLECTIONS.has(name)) return 'collection';
  return type === 'object' || type === 'native' || type === 'wasm object' ? 'object' : 'other';
}
