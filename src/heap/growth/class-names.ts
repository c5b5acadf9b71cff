import { memo } from '../../runtime/memo.js';
import { targetOf } from '../graph/scopes.js';
import { EDGE, type HeapSnapshot, NODE_TYPES, type NodeType, nameOf } from '../snapshot/heap-snapshot.js';
import { NODE_KINDS, type NodeKind } from './path-tree.js';

const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
/** Types whose names are content, one per node, and do not determine the class. */
const CLASS_OF_TYPE: Partial<Record<NodeType, string>> = {
  string: 'string',
  'concatenated string': 'string',
  'sliced string': 'string',
  regexp: 'RegExp',
  code: '(compiled code)',
  'object shape': '(object shape)',
  array: '(array)',
  number: 'number',
  symbol: 'symbol',
  bigint: 'bigint',
  hidden: '(system)',
};
/** Node type → 1 for these. */
export const NAMELESS = Uint8Array.from(NODE_TYPES, (type) => (type in CLASS_OF_TYPE ? 1 : 0));
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
  readonly #ofPrototype = memo((prototype: number) => {
    const made = targetOf(this.#snapshot, prototype, EDGE.property, 'constructor');
    return (made < 0 ? '' : nameOf(this.#snapshot, made)) || BORROWED;
  });

  constructor(snapshot: HeapSnapshot, globals: readonly number[]) {
    this.#snapshot = snapshot;
    this.#globals = new Set(globals);
    this.#borrowedName = snapshot.strings.find(BORROWED);
  }

  of(node: number): string {
    if (this.#globals.has(node)) return 'globalThis';
    const key = this.kindKey(node);
    let name = this.#known.get(key);
    if (name === undefined) {
      name = className(NODE_TYPES[this.#snapshot.nodeType[node]!]!, nameOf(this.#snapshot, node));
      this.#known.set(key, name);
    }
    if (name !== BORROWED) return name;
    return this.#ofPrototype(targetOf(this.#snapshot, node, EDGE.property, '__proto__'));
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

  /** Index into NODE_KINDS. */
  kindOf(node: number): number {
    return NODE_KINDS.indexOf(kind(NODE_TYPES[this.#snapshot.nodeType[node]!]!, this.of(node)));
  }
}

function className(type: NodeType, name: string): string {
  if (type === 'closure') return name === '' ? ANONYMOUS : `${name}()`;
  return CLASS_OF_TYPE[type] ?? (name === '' ? 'Object' : name);
}

function kind(type: NodeType, name: string): NodeKind {
  if (type === 'closure') return type;
  if (name === 'string') return 'string';
  if (name === 'Array') return 'array';
  if (COLLECTIONS.has(name)) return 'collection';
  return type === 'object' || type === 'native' || type === 'wasm object' ? 'object' : 'other';
}
