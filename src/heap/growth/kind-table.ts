import { wordsColumn } from '../snapshot/column.js';

const FIRST_SLOTS = 1 << 12;
/** Form, name, place and list of a kind stand together. */
const WORDS = 4;
/** The list of labels of a kind for which labels do not matter. */
export const NO_LIST = 0xffff_ffff;

/** Kinds of nodes, each once, numbered in the order of their first nodes: a hash table of numbers. */
export class KindTable {
  /** Slot → kind, −1 means free. Open addressing, at most half full. */
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  /** WORDS × kind → what makes it. */
  readonly #rows = wordsColumn(FIRST_SLOTS);
  readonly #example = wordsColumn(FIRST_SLOTS);
  readonly #count = wordsColumn(FIRST_SLOTS);

  get length(): number {
    return this.#example.length;
  }

  /** The kind of one more node. `form` is its type and, where the list counts, how many labels it has. */
  kind(node: number, form: number, name: number, place: number, list: number): number {
    const slots = this.#slots;
    const rows = this.#rows.values;
    const mask = slots.length - 1;
    let slot = hashOf(form, name, place, list) & mask;
    for (let kind = slots[slot]!; kind >= 0; kind = slots[slot]!) {
      const row = kind * WORDS;
      if (rows[row + 1] === name && rows[row + 2] === place && rows[row + 3] === list && rows[row] === form) {
        this.#count.values[kind]!++;
        return kind;
      }
      slot = (slot + 1) & mask;
    }
    const kind = this.length;
    slots[slot] = kind;
    for (const word of [form, name, place, list]) this.#rows.push(word);
    this.#example.push(node);
    this.#count.push(1);
    if (this.length * 2 > slots.length) this.#grow();
    return kind;
  }

  /** Index of a place among the snapshot's locations, 0 means not known. */
  place(kind: number): number {
    return this.#rows.values[kind * WORDS + 2]!;
  }

  /** The list of labels that all nodes of the kind share, or NO_LIST. */
  list(kind: number): number {
    return this.#rows.values[kind * WORDS + 3]!;
  }

  /** Kind → NodeOrdinal of its first node. */
  get examples(): Uint32Array {
    return this.#example.finish();
  }

  /** NodeOrdinal of the first node of the kind. */
  example(kind: number): number {
    return this.#example.values[kind]!;
  }

  /** Nodes of the kind that were asked for. */
  count(kind: number): number {
    return this.#count.values[kind]!;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    const rows = this.#rows.values;
    for (let kind = 0; kind < this.length; kind++) {
      const row = kind * WORDS;
      let slot = hashOf(rows[row]!, rows[row + 1]!, rows[row + 2]!, rows[row + 3]!) & mask;
      while (slots[slot]! >= 0) slot = (slot + 1) & mask;
      slots[slot] = kind;
    }
    this.#slots = slots;
  }
}

/** Odd factors without a pattern: products that do not wait for each other, unlike a chain of hashes. */
function hashOf(form: number, name: number, place: number, list: number): number {
  const mixed =
    Math.imul(form, 0x9e37_79b1) ^
    Math.imul(name, 0x85eb_ca77) ^
    Math.imul(place, 0xc2b2_ae3d) ^
    Math.imul(list, 0x27d4_eb2f);
  return mixed ^ (mixed >>> 15);
}
