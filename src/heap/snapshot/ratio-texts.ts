import { firstFrom, wordsColumn } from './column.js';
import { BYTE } from './section-reader.js';
import { decimalAt } from './string-table.js';

/** Two numbers of ten digits and the slash between them. */
export const MAX_RATIO_BYTES = 21;
/** Texts kept, at 12 bytes each; further ones are dropped. */
const MAX_TEXTS = 1 << 20;
const MAX_DIGITS = 10;
const MAX_NUMBER = 2 ** 32 - 1;

/** Member counts of a collection that a sampled capture truncated. */
export interface SampledMembers {
  /** Members in the file. */
  readonly kept: number;
  /** Members in the process; more than `kept`. */
  readonly total: number;
}

export const mayBeginRatio = (byte: number): boolean => byte <= BYTE.nine && byte > BYTE.zero;

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
    while (stroke < end && utf8[stroke] !== BYTE.slash) stroke++;
    const kept = decimalAt(utf8, start, stroke, MAX_DIGITS);
    const total = decimalAt(utf8, stroke + 1, end, MAX_DIGITS);
    if (kept <= 0 || total <= kept || total > MAX_NUMBER) return;
    this.#index.push(index);
    this.#kept.push(kept);
    this.#total.push(total);
  }

  find(index: number): SampledMembers | null {
    const at = firstFrom(this.#index.finish(), index);
    if (at === this.#index.length || this.#index.values[at] !== index) return null;
    return { kept: this.#kept.values[at]!, total: this.#total.values[at]! };
  }
}
