import { ELEMENTS, ENTRIES, REACTIONS } from '../../mechanisms/path-names.js';

export const EDGE_KINDS = ['root', 'property', 'element', 'variable', 'entry', 'internal'] as const;
export const NODE_KINDS = ['object', 'array', 'closure', 'string', 'collection', 'other'] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];
export type NodeKind = (typeof NODE_KINDS)[number];

const OTHER = NODE_KINDS.indexOf('other');

/** The steps to the members of a collection, whose number is its entries. */
export const CONTENT: ReadonlySet<string> = new Set([ELEMENTS, ENTRIES, REACTIONS]);

/** Most nodes of one tree, and its greatest depth; objects beyond are added to the node above. */
const MAX_TREE_NODES = 200_000;
const MAX_DEPTH = 96;

/** A run such as next.next.next, or left.right.left, ends where the same step was taken this many levels up. */
const RUN_PERIOD = 4;
/** More than there are names, or pairs of them; times the bound of tree nodes it is still an exact integer. */
const PAIRS = 2 ** 32;
const CLASSES = 2 ** 26;

/** Texts as small numbers, so that a step is two integers. */
export class Names {
  readonly texts: string[] = [];
  readonly #ids = new Map<string, number>();

  id(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.texts.length;
      this.texts.push(text);
      this.#ids.set(text, id);
    }
    return id;
  }
}

export interface TreeStep {
  readonly edge: string;
  /** Index into EDGE_KINDS. */
  readonly edgeKind: number;
  readonly className: string;
  /** Index into NODE_KINDS. */
  readonly nodeKind: number;
}

/** Bits of `PathTree.artefact`: whose a node is if it is not the program's. */
export const ARTEFACT = { v8: 1, own: 2 } as const;

/** Row 0 is the tree's root; a parent stands before its children. */
export class PathTree {
  readonly names = new Names();
  /** Tree node → tree node above it, −1 means the root. */
  readonly parent: number[] = [-1];
  /** Tree node → class of its members, by its number in `names`. */
  readonly className: number[] = [0];
  /** Tree node → index into NODE_KINDS. */
  readonly nodeKind: number[] = [OTHER];
  /** Tree node → bits of ARTEFACT, those of the nodes above included. */
  readonly artefact: number[] = [0];
  /** Tree node → members, a count. */
  readonly count: number[] = [0];
  /** Tree node → shallow bytes of members and their parts; of all below too once `sumUp` ran. */
  readonly bytes: number[] = [0];
  /** Tree node → entries in all collections that are members, a count. */
  readonly entries: number[] = [0];
  /** Tree node → 1 if its bytes are an estimate: some stand for objects that a sampled capture left out. */
  readonly scaled: number[] = [0];
  readonly #depth: number[] = [0];
  /** Tree node → its pair. */
  readonly #pair: number[] = [0];
  /** Step and class → a small number for both, their pair. */
  readonly #pairs = new Map<number, number>([[0, 0]]);
  /** Pair → its step, see `stepKey`. */
  readonly #stepOf: number[] = [0];
  /** Tree node and pair → child. */
  readonly #children = new Map<number, number>();
  /** Tree node → the latest pair and its child: siblings mostly take the same step. */
  readonly #lastPair: number[] = [-1];
  readonly #lastNode: number[] = [0];
  /** How many objects did not fit; they are counted in the node above. */
  cut = 0;

  constructor() {
    this.names.id('');
  }

  get length(): number {
    return this.parent.length;
  }

  /** A step as one number. */
  stepKey(edge: string, kind: EdgeKind): number {
    return this.names.id(edge) * EDGE_KINDS.length + EDGE_KINDS.indexOf(kind);
  }

  /** The step to a node, and what it leads to. */
  stepTo(node: number): TreeStep {
    const step = this.#stepOf[this.#pair[node]!]!;
    const { texts } = this.names;
    return {
      edge: texts[Math.floor(step / EDGE_KINDS.length)]!,
      edgeKind: step % EDGE_KINDS.length,
      className: texts[this.className[node]!]!,
      nodeKind: this.nodeKind[node]!,
    };
  }

  /** The node for this step below `parent`: the one up the path when the step repeats, a new one, or `parent` at a bound. */
  child(parent: number, step: number, className: number, nodeKind = OTHER, artefact = 0): number {
    const pair = this.#pairOf(step, className);
    if (this.#lastPair[parent] === pair) return this.#lastNode[parent]!;
    const { cut } = this;
    const node =
      this.#runBegin(parent, pair) ??
      this.#children.get(parent * PAIRS + pair) ??
      this.#add(parent, pair, className, nodeKind, artefact);
    // An object without room is counted each time.
    this.#lastPair[parent] = cut === this.cut ? pair : -1;
    this.#lastNode[parent] = node;
    return node;
  }

  #pairOf(step: number, className: number): number {
    const key = step * CLASSES + className;
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = this.#stepOf.push(step) - 1;
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  /** A step that repeats, or that objects of the same class took further up, continues the same run. */
  #runBegin(parent: number, pair: number): number | null {
    let up = parent;
    for (let level = 0; level < RUN_PERIOD && up > 0; level++) {
      const above = this.parent[up]!;
      if (this.#pair[up] === pair && (level === 0 || this.className[above] === this.className[parent]))
        return up;
      up = above;
    }
    return null;
  }

  #add(parent: number, pair: number, className: number, nodeKind: number, artefact: number): number {
    if (this.length >= MAX_TREE_NODES || this.#depth[parent]! >= MAX_DEPTH) {
      this.cut++;
      return parent;
    }
    const node = this.length;
    this.#children.set(parent * PAIRS + pair, node);
    this.#lastPair.push(-1);
    this.#lastNode.push(0);
    this.parent.push(parent);
    this.#pair.push(pair);
    this.className.push(className);
    this.nodeKind.push(nodeKind);
    this.artefact.push(artefact | this.artefact[parent]!);
    this.count.push(0);
    this.bytes.push(0);
    this.entries.push(0);
    this.scaled.push(0);
    this.#depth.push(this.#depth[parent]! + 1);
    return node;
  }

  /** Adds to each node the bytes of all nodes below it. */
  sumUp(): void {
    for (let node = this.length - 1; node > 0; node--) {
      const above = this.parent[node]!;
      this.bytes[above]! += this.bytes[node]!;
      this.scaled[above]! |= this.scaled[node]!;
    }
  }

  /** Weights are fractions; their sums are numbers of objects and bytes. */
  round(): void {
    for (const column of [this.count, this.bytes, this.entries]) {
      for (let node = 0; node < column.length; node++) column[node] = Math.round(column[node]!);
    }
  }
}
