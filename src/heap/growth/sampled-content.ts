/**
 * Truncated collections in a sampled snapshot: which edges lead to their members, how many members there were, and how
 * large their tables must have been. Members of an object used as a table are those of its properties that the path
 * tree folds into entries; the others are fields, of which an object has one however many members it has.
 */
import { target } from '../graph/scopes.js';
import { mainGlobal } from '../graph/shortest-path.js';
import type { DeferredEdges } from '../graph/tiered-search.js';
import {
  EDGE,
  type HeapSnapshot,
  labelAt,
  labelName,
  labelType,
  NODE,
  sizeOf,
} from '../snapshot/heap-snapshot.js';
import type { SampledMembers } from '../snapshot/ratio-texts.js';
import { ClassNames } from './class-names.js';
import { countElements, tableOf, tableShape } from './collection-table.js';
import { type Dictionary, dictionaryOf, isDataKey, MAX_RECORD_FIELDS } from './dictionary.js';
import { dictionaryBytes, elementsBytes, orderedTableBytes, PREFIX } from './store-size.js';

/** Up to this number, properties that lead to one class are fields, even if few members are left. */
const MIN_FIELDS = 3;
/** V8 keeps the elements of an object in a plain store while about this part of it is filled. */
const MIN_FILLED = 1 / 4;
/** Names of properties that are no members: the prototype, symbols, accessors, private fields. */
const NOT_COUNTED = /^(?:__proto__$|<symbol |[gs]et .|#)/;
/**
 * Registers in which V8 finds shared strings, and Node its native objects: something else holds their content, maybe as a
 * key of a table.
 */
const REGISTERS = [
  '(Internalized strings)',
  '(Shareable object cache)',
  'Node / CleanupQueue',
  'Node / BaseObjectList',
];

/** One truncated collection. */
export interface SampledCollection {
  /** Entries it had, as `EntryCounts` would count them. */
  readonly entries: number;
  /** Members it had for each that is left. */
  readonly factor: number;
  /** The classes whose properties are entries; null if no properties are. */
  readonly folded: Dictionary | null;
}

export class SampledContent implements DeferredEdges {
  /** NodeOrdinal → 1 if edges of it lead to members of a truncated collection, or to registered objects. */
  readonly from: Uint8Array;
  /** NodeOrdinal of a truncated collection → its facts. */
  readonly collections = new Map<number, SampledCollection>();
  /** NodeOrdinal of a store that lost its content → its bytes before, an estimate. */
  readonly storeBytes = new Map<number, number>();
  readonly #snapshot: HeapSnapshot;
  readonly #classes: ClassNames;
  readonly #globals: readonly number[];
  /** NodeOrdinal of a collection or of one of its stores → the collection. */
  readonly #collectionOf = new Map<number, SampledCollection>();
  readonly #registers: ReadonlySet<number>;

  constructor(snapshot: HeapSnapshot, marks: ReadonlyMap<number, SampledMembers>) {
    this.#snapshot = snapshot;
    this.#globals = mainGlobal(snapshot);
    this.#classes = new ClassNames(snapshot, this.#globals);
    this.from = new Uint8Array(snapshot.nodeCount);
    this.#registers = registers(snapshot);
    for (const register of this.#registers) this.from[register] = 1;
    for (const [node, ratio] of marks) this.#add(node, ratio);
  }

  /** Whether an edge leads to a member, or comes from a register. */
  has(from: number, edge: number): boolean {
    return this.#registers.has(from) || this.isMember(from, edge);
  }

  isMember(from: number, edge: number): boolean {
    const collection = this.#collectionOf.get(from);
    if (collection === undefined) return false;
    const label = labelAt(this.#snapshot, from, edge);
    switch (labelType(label)) {
      case EDGE.element:
        return true;
      case EDGE.hidden:
        return this.#snapshot.nodeType[from] === NODE.array;
      case EDGE.internal:
        return (
          this.#snapshot.nodeType[from] === NODE.array &&
          this.#snapshot.strings.numeral(labelName(label)) >= 0
        );
      case EDGE.property:
        return this.#isEntry(collection.folded, this.#snapshot.edgeTo[edge]!, labelName(label));
      default:
        return false;
    }
  }

  /** Members for each one that is left; `from` is the collection or one of its stores. */
  factor(from: number): number {
    return this.#collectionOf.get(from)?.factor ?? 1;
  }

  /** Whether something else holds all of its content. */
  isRegister(node: number): boolean {
    return this.#registers.has(node);
  }

  #isEntry(folded: Dictionary | null, to: number, name: number): boolean {
    const text = this.#snapshot.strings.text(name);
    return !NOT_COUNTED.test(text) && (folded?.has(this.#classes.of(to)) === true || isDataKey(text));
  }

  #add(node: number, ratio: SampledMembers): void {
    const table = tableOf(this.#snapshot, node);
    const collection = table >= 0 ? ofTable(ratio) : this.#ofObject(node, ratio);
    this.collections.set(node, collection);
    for (const at of [node, ...this.#stores(node, table, ratio)]) {
      this.#collectionOf.set(at, collection);
      this.from[at] = 1;
    }
  }

  #ofObject(node: number, { kept, total }: SampledMembers): SampledCollection {
    const fields = Math.min(MAX_RECORD_FIELDS, Math.max(MIN_FIELDS, (MAX_RECORD_FIELDS * kept) / total));
    const isGlobal = this.#globals.includes(node);
    const folded = isGlobal ? null : dictionaryOf(this.#snapshot, this.#classes, node, fields);
    // The room of an array of numbers.
    const elements = Math.min(kept, countElements(this.#snapshot, node));
    const { entries, others } = this.#countProperties(node, folded);
    const seen = elements + entries;
    // Members that are numbers show no edge; those that are `undefined` do, and do not count.
    if (seen === 0 && this.#elements(node)[0] === 0)
      return { entries: isGlobal ? 0 : total, factor: total / kept, folded };
    // The remainder is fields as far as they show, and beyond that members without an edge.
    const keptFields = Math.max(0, Math.min(others, kept - seen));
    const factor = (total - keptFields) / (kept - keptFields);
    // The entries of the global object are those that its paths show.
    return { entries: isGlobal ? 0 : Math.round(seen * factor), factor, folded };
  }

  #countProperties(node: number, folded: Dictionary | null): { entries: number; others: number } {
    const { firstEdge, edgeTo, strings } = this.#snapshot;
    let entries = 0;
    let others = 0;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const label = labelAt(this.#snapshot, node, edge);
      if (labelType(label) !== EDGE.property) continue;
      const name = labelName(label);
      if (this.#isEntry(folded, edgeTo[edge]!, name)) entries++;
      else if (!NOT_COUNTED.test(strings.text(name))) others++;
    }
    return { entries, others };
  }

  /** Its stores, whose sizes are estimated on the way. */
  #stores(node: number, table: number, { total }: SampledMembers): readonly number[] {
    if (table >= 0) {
      const shape = tableShape(sizeOf(this.#snapshot, table));
      if (shape !== null) this.#estimate(table, orderedTableBytes(total, shape.stride));
      return [table];
    }
    const { nodeType, firstEdge } = this.#snapshot;
    const stores: number[] = [];
    const [elements, last] = this.#elements(node);
    const indices = target(this.#snapshot, node, 'elements');
    const names = target(this.#snapshot, node, 'properties');
    const hasNames = names >= 0 && nodeType[names] === NODE.array;
    const seen = firstEdge[node + 1]! - firstEdge[node]!;
    const part = hasNames ? elements / Math.max(1, seen) : 1;
    if (indices >= 0 && nodeType[indices] === NODE.array && part > 0) {
      stores.push(indices);
      const members = Math.round(total * part);
      // The elements of a truncated array have moved together; those of other objects are where they were.
      if (last + 1 <= elements) this.#estimate(indices, elementsBytes(members));
      else if (members >= last * MIN_FILLED) this.#estimate(indices, elementsBytes(last + 1));
      else this.#estimate(indices, dictionaryBytes(members, PREFIX.indices));
    }
    if (hasNames) {
      stores.push(names);
      this.#estimate(names, dictionaryBytes(Math.round(total * (1 - part)), PREFIX.names));
    }
    return stores;
  }

  /** The number of its visible elements, and the largest index; −1 means none. */
  #elements(node: number): readonly [number, number] {
    const { firstEdge } = this.#snapshot;
    let count = 0;
    let last = -1;
    for (let edge = firstEdge[node]!; edge < firstEdge[node + 1]!; edge++) {
      const label = labelAt(this.#snapshot, node, edge);
      if (labelType(label) !== EDGE.element) continue;
      count++;
      last = Math.max(last, labelName(label));
    }
    return [count, last];
  }

  #estimate(store: number, bytes: number): void {
    this.storeBytes.set(store, Math.max(bytes, sizeOf(this.#snapshot, store)));
  }
}

/** Null for a snapshot of a whole heap. */
export function sampledContent(snapshot: HeapSnapshot): SampledContent | null {
  return snapshot.sampled === null ? null : new SampledContent(snapshot, snapshot.sampled);
}

function ofTable({ kept, total }: SampledMembers): SampledCollection {
  return { entries: total, factor: total / kept, folded: null };
}

function registers({ nodeCount, nodeType, nodeName, strings }: HeapSnapshot): ReadonlySet<number> {
  const names = new Set(REGISTERS.map((name) => strings.find(name)).filter((name) => name >= 0));
  const found = new Set<number>();
  for (let node = 0; node < nodeCount; node++) {
    const type = nodeType[node];
    if ((type === NODE.synthetic || type === NODE.native) && names.has(nodeName[node]!)) found.add(node);
  }
  return found;
}
