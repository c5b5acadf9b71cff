import { wordsColumn } from './column.js';

const FIRST_SLOTS = 1 << 12;

/** The hash of a list with one more item. */
export function mixHash(hash: number, item: number): number {
  const mixed = Math.imul(hash ^ item, 0x9e37_79b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/**
 * Lists of numbers, each kept once. A list is written to the end of `items` first; `close` finds its twin and takes it
 * back, or lets it stay.
 */
export class SharedLists {
  readonly items = wordsColumn(1 << 16);
  /** Slot of the hash table → list, −1 means free. Open addressing, at most half full. */
  #slots = new Int32Array(FIRST_SLOTS).fill(-1);
  /** List → its first item, its length, its hash. */
  readonly #first = wordsColumn(1 << 12);
  readonly #length = wordsColumn(1 << 12);
  readonly #hash = wordsColumn(1 << 12);

  /** The list is what was written from `begin` on; `hash` is that of its items, see `mixHash`. Returns where it stands. */
  close(begin: number, hash: number): number {
    const items = this.items.values;
    const length = this.items.length - begin;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let list = this.#slots[slot]!; list >= 0; list = this.#slots[slot]!) {
      if (this.#hash.values[list] === hash && this.#length.values[list] === length) {
        const first = this.#first.values[list]!;
        let same = 0;
        while (same < length && items[first + same] === items[begin + same]) same++;
        if (same === length) {
          this.items.length = begin;
          return first;
        }
      }
      slot = (slot + 1) & mask;
    }
    this.#slots[slot] = this.#first.length;
    this.#first.push(begin);
    this.#length.push(length);
    this.#hash.push(hash);
    if (this.#first.length * 2 > this.#slots.length) this.#grow();
    return begin;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    for (let list = 0; list < this.#first.length; list++) {
      let slot = this.#hash.values[list]! & (slots.length - 1);
      while (slots[slot]! >= 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = list;
    }
    this.#slots = slots;
  }
}
