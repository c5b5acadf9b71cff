/** Names of classes, functions, edges and files. Strings that the program made are not in it. */
export interface StringTable {
  readonly length: number;
  /** String index → text, cut to MAX_NAME_LENGTH; '' when the string was not kept. */
  text(index: number): string;
  /** String index → the number it writes in decimal; −1 when it is none or was not kept. */
  numeral(index: number): number;
}

export const MAX_NAME_LENGTH = 200;

/** Numerals name the slots of V8's tables, a million in a large Map: four bytes each instead of a string. */
export class NameTable implements StringTable {
  readonly #texts: (string | undefined)[] = [];
  readonly #numerals: number[] = [];

  get length(): number {
    return this.#texts.length;
  }

  push(text: string | null): void {
    const numeral = text !== null && /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : -1;
    this.#numerals.push(numeral);
    this.#texts.push(numeral >= 0 || text === null ? undefined : text);
  }

  text(index: number): string {
    const numeral = this.numeral(index);
    return this.#texts[index] ?? (numeral >= 0 ? String(numeral) : '');
  }

  numeral(index: number): number {
    return this.#numerals[index] ?? -1;
  }
}
