/**
 * Names for plain objects by their properties, as DevTools gives them (inferInterfaceDefinitions and
 * applyInterfaceDefinitions): the most frequent lists of properties become interfaces, and an object belongs to the
 * interface with the most properties, all of which it has.
 * Deviation: objects that share their list of labels are examined once.
 */
import {
  EDGE,
  type HeapSnapshot,
  labelName,
  labelType,
  NODE,
} from '../../src/heap/snapshot/heap-snapshot.js';

/** An interface's name ends before the property that would exceed this length, but has at least one property. */
const MAX_INTERFACE_NAME = 120;
/** Objects that an interface needs: at least two, and one in a thousand plain objects. */
const MIN_OBJECTS = 2;
const MAX_PLAIN_PER_INTERFACE = 1000;

interface PlainList {
  /** A node with this list of labels. */
  readonly node: number;
  count: number;
}

interface Interface {
  readonly name: string;
  readonly properties: readonly string[];
  count: number;
}

interface Match {
  readonly name: string;
  readonly properties: number;
  readonly rank: number;
}

interface Branch {
  readonly next: Map<string, Branch>;
  match: Match | null;
  greatest: string | null;
}

export class ObjectInterfaces {
  readonly #snapshot: HeapSnapshot;
  readonly #plainName: number;
  /** List of labels → name of the interface; null means there is none. */
  readonly #names = new Map<number, string | null>();

  constructor(snapshot: HeapSnapshot) {
    this.#snapshot = snapshot;
    this.#plainName = snapshot.strings.find('Object');
    const lists = this.#plainLists();
    const tree = interfaceTree(this.#frequent(lists));
    for (const [key, { node }] of lists) this.#names.set(key, bestMatch(tree, this.#properties(node)));
  }

  /** A name such as `{a, b}`; null if the node is not a plain object or has no interface. */
  nameOf(node: number): string | null {
    return this.#isPlain(node) ? (this.#names.get(this.#listOf(node)) ?? null) : null;
  }

  #isPlain(node: number): boolean {
    return this.#snapshot.nodeType[node] === NODE.object && this.#snapshot.nodeName[node] === this.#plainName;
  }

  /** The index of its first label and the number of labels in one number, exact for up to two million properties. */
  #listOf(node: number): number {
    const { firstLabel, firstEdge } = this.#snapshot;
    const length = firstEdge[node + 1]! - firstEdge[node]!;
    return length === 0 ? 0 : firstLabel[node]! + length * 2 ** 32;
  }

  #plainLists(): ReadonlyMap<number, PlainList> {
    const lists = new Map<number, PlainList>();
    for (let node = 0; node < this.#snapshot.nodeCount; node++) {
      if (!this.#isPlain(node)) continue;
      const key = this.#listOf(node);
      const known = lists.get(key);
      if (known === undefined) lists.set(key, { node, count: 1 });
      else known.count++;
    }
    return lists;
  }

  #frequent(lists: ReadonlyMap<number, PlainList>): readonly Interface[] {
    const found = new Map<string, Interface>();
    let plain = 0;
    for (const { node, count } of lists.values()) {
      plain += count;
      const { name, properties } = nameFrom(this.#properties(node));
      if (properties.length === 0) continue;
      const known = found.get(name);
      if (known === undefined) found.set(name, { name, properties, count });
      else known.count += count;
    }
    const least = Math.max(MIN_OBJECTS, plain / MAX_PLAIN_PER_INTERFACE);
    return [...found.values()].sort((a, b) => b.count - a.count).filter(({ count }) => count >= least);
  }

  #properties(node: number): string[] {
    const { firstEdge, firstLabel, labels, strings } = this.#snapshot;
    const names: string[] = [];
    const length = firstEdge[node + 1]! - firstEdge[node]!;
    for (const label of labels.subarray(firstLabel[node]!, firstLabel[node]! + length)) {
      if (labelType(label) === EDGE.property) names.push(strings.text(labelName(label)));
    }
    return names;
  }
}

function nameFrom(all: readonly string[]): { name: string; properties: readonly string[] } {
  const properties: string[] = [];
  let name = '{';
  for (const property of all) {
    if (property === '__proto__') continue;
    const text = quoted(property);
    if (name.length > 1 && name.length + text.length > MAX_INTERFACE_NAME) break;
    name += name.length > 1 ? `, ${text}` : text;
    properties.push(property);
  }
  return { name: `${name}}`, properties };
}

function quoted(property: string): string {
  return /[,'"{}]/.test(property) ? JSON.stringify(property) : property;
}

function interfaceTree(interfaces: readonly Interface[]): Branch {
  const tree: Branch = { next: new Map(), match: null, greatest: null };
  for (const [rank, { name, properties }] of interfaces.entries()) {
    let branch = tree;
    for (const property of properties.toSorted()) {
      let next = branch.next.get(property);
      if (next === undefined) {
        next = { next: new Map(), match: null, greatest: null };
        branch.next.set(property, next);
        if (branch.greatest === null || branch.greatest < property) branch.greatest = property;
      }
      branch = next;
    }
    branch.match ??= { name, properties: properties.length, rank };
  }
  return tree;
}

/** Follows at once all paths through the tree that the properties allow. */
function bestMatch(tree: Branch, properties: string[]): string | null {
  const open = new Set([tree]);
  let best: Match | null = null;
  for (const property of properties.sort()) {
    for (const branch of [...open]) {
      if (branch.greatest === null || property >= branch.greatest) open.delete(branch);
      const next = branch.next.get(property);
      if (next === undefined) continue;
      open.add(next);
      const { match } = next;
      if (match !== null && (best === null || isBetter(match, best))) best = match;
    }
  }
  return best?.name ?? null;
}

function isBetter(a: Match, b: Match): boolean {
  return a.properties > b.properties || (a.properties === b.properties && a.rank < b.rank);
}
