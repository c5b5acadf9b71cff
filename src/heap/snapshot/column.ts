type Numbers = Uint8Array | Uint32Array | Float64Array;

/** Rows set aside at first, at most: a file's own counts are a hint and may be a lie. */
const FIRST_CAPACITY = 1 << 20;

/** A typed array that grows by doubling up to the expected length. */
export class Column<T extends Numbers> {
  #values: T;
  #length = 0;
  readonly #expected: number;
  readonly #create: (length: number) => T;

  constructor(expected: number, create: (length: number) => T) {
    this.#expected = expected;
    this.#create = create;
    this.#values = create(Math.min(expected, FIRST_CAPACITY));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = this.#create(Math.max(16, Math.min(this.#length * 2, this.#expected)));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** The rows so far, without a copy. */
  finish(): T {
    return this.#values.subarray(0, this.#length) as T;
  }
}
