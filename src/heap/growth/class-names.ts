import { type HeapSnapshot, NODE_TYPES, nodeTypeCode } from '../snapshot/heap-snapshot.js';
import { NODE_KINDS, type NodeKind } from './path-tree.js';

const CLOSURE = nodeTypeCode('closure');
const COLLECTIONS = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
const ANONYMOUS = 'function';

/** Classes of nodes as a person calls them, worked out once a name. */
export class ClassNames {
  readonly #snapshot: HeapSnapshot;
  readonly #globals: ReadonlySet<number>;
  /** Type and string index → class name. */
  readonly #known = new Map<number, string>();

  constructor(snapshot: HeapSnapshot, globals: readonly number[]) {
    this.#snapshot = snapshot;
    this.#globals = new Set(globals);
  }

  of(node: number): string {
    if (this.#globals.has(node)) return 'globalThis';
    const { nodeType, nodeName } = this.#snapshot;
    const key = nodeName[node]! * NODE_TYPES.length + nodeType[node]!;
    let name = this.#known.get(key);
    if (name === undefined) {
      name = className(NODE_TYPES[nodeType[node]!] ?? 'hidden', this.#snapshot.strings.text(nodeName[node]!));
      this.#known.set(key, name);
    }
    return name;
  }

  /** Index into NODE_KINDS. */
  kindOf(node: number): number {
    const type = this.#snapshot.nodeType[node]!;
    return NODE_KINDS.indexOf(
      type === CLOSURE ? 'closure' : kind(NODE_TYPES[type] ?? 'hidden', this.of(node)),
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
