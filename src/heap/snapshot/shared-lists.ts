import { wordsColumn } from './column.js';

const FIRST_SLOTS = 1 << 12;
const SLOT_WORDS = 4;

/** The hash of a list after one more item: 32 bits, signed, so that V8 keeps it in a register. */
export function mixHash(hash: number, item: number): number {
  const mixed = Math.imul(hash ^ item, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}

/**
 * Lists of numbers, each stored once. A list is first written to the end of `items`; `close` then either finds an equal
 * list and discards the new one, or keeps it.
 */
export class SharedLists {
  readonly items = wordsColumn(1 << 16);
  /** Slot → hash, first item + 1 (0 means free), length. Open addressing, at most half full. */
  #slots = new Int32Array(FIRST_SLOTS * SLOT_WORDS);
  #lists = 0;

  /** The list is `items` from `begin` to `end`; `hash` is the hash of its items, see `mixHash`. Returns where it is stored. */
  close(begin: number, end: number, hash: number): number {
    const items = this.items.values;
    const slots = this.#slots;
    const length = end - begin;
    const mask = slots.length / SLOT_WORDS - 1;
    let slot = (hash & mask) * SLOT_WORDS;
    for (; slots[slot + 1] !== 0; slot = slot + SLOT_WORDS === slots.length ? 0 : slot + SLOT_WORDS) {
      if (slots[slot] !== hash || slots[slot + 2] !== length) continue;
      const first = slots[slot + 1]! - 1;
      let same = 0;
      while (same < length && items[first + same] === items[begin + same]) same++;
      if (same === length) {
        this.items.length = begin;
        return first;
      }
    }
    slots[slot] = hash;
    slots[slot + 1] = begin + 1;
    slots[slot + 2] = length;
    this.items.length = end;
    this.#lists++;
    if (this.#lists * SLOT_WORDS * 2 > slots.length) this.#grow();
    return begin;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length / SLOT_WORDS - 1;
    for (let old = 0; old < this.#slots.length; old += SLOT_WORDS) {
      if (this.#slots[old + 1] === 0) continue;
      let slot = (this.#slots[old]! & mask) * SLOT_WORDS;
      while (slots[slot + 1] !== 0) slot = slot + SLOT_WORDS === slots.length ? 0 : slot + SLOT_WORDS;
      for (let word = 0; word < SLOT_WORDS; word++) slots[slot + word] = this.#slots[old + word]!;
    }
    this.#slots = slots;
  }
}
