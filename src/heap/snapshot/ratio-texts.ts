import { wordsColumn } from './column.js';

/** Two numbers of ten digits and the slash between them. */
export const MAX_RATIO_BYTES = 21;
/** Texts kept, at 12 bytes each; further ones are dropped. */
const MAX_TEXTS = 1 << 20;
const ZERO = 0x30;
const NINE = 0x39;
const STROKE = 0x2f;
const MAX_NUMBER = 2 ** 32 - 1;

/** Member counts of a collection that a sampled capture truncated. */
export interface SampledMembers {
  /** Members in the file. */
  readonly kept: number;
  /** Members in the process; more than `kept`. */
  readonly total: number;
}

export const mayBeginRatio = (byte: number): boolean => byte <= NINE && byte > ZERO;

/**
 * Texts of the form `KEPT/TRUE` among the strings whose text is otherwise dropped. Which of them mark truncated
 * collections is known only at the end of the table, because the name of the mark comes after its values. All others
 * are then dropped.
 */
export class RatioTexts {
  readonly #index = wordsColumn(16);
  readonly #kept = wordsColumn(16);
  readonly #total = wordsColumn(16);

  /** `utf8[start..end)` is the text of this string; strings come in the order of their indices. */
  push(index: number, utf8: Uint8Array, start: number, end: number): void {
    if (end - start > MAX_RATIO_BYTES || this.#index.length === MAX_TEXTS) return;
    let stroke = start;
    while (stroke < end && utf8[stroke] !== STROKE) stroke++;
    const kept = numberAt(utf8, start, stroke);
    const total = numberAt(utf8, stroke + 1, end);
    if (kept < 0 || total <= kept) return;
    this.#index.push(index);
    this.#kept.push(kept);
    this.#total.push(total);
  }

  find(index: number): SampledMembers | null {
    let low = 0;
    let high = this.#index.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#index.values[middle]! < index) low = middle + 1;
      else high = middle;
    }
    if (low === this.#index.length || this.#index.values[low] !== index) return null;
    return { kept: this.#kept.values[low]!, total: this.#total.values[low]! };
  }
}

/** A number without a leading zero; −1 if the text is not one, or if it is larger than any collection. */
function numberAt(utf8: Uint8Array, start: number, end: number): number {
  if (end <= start || !mayBeginRatio(utf8[start]!)) return -1;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = utf8[at]! - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= MAX_NUMBER ? value : -1;
}
