type Numbers = Uint8Array | Uint32Array;

/**
 * Most rows allocated at first: the file's own counts are only a hint and may be false. The system provides a page only
 * when it is written to, so unused room costs nothing.
 */
const FIRST_CAPACITY = 1 << 27;

/** A typed array that grows by doubling. Hot loops write to `values` directly, after `reserve`. */
export class Column<T extends Numbers> {
  values: T;
  length = 0;
  readonly #create: (length: number) => T;

  constructor(expected: number, create: (length: number) => T) {
    this.#create = create;
    this.values = create(Math.max(16, Math.min(expected, FIRST_CAPACITY)));
  }

  /** Makes room for this many more rows. */
  reserve(rows: number): void {
    if (this.length + rows <= this.values.length) return;
    const grown = this.#create(Math.max(this.values.length * 2, this.length + rows));
    grown.set(this.values.subarray(0, this.length));
    this.values = grown;
  }

  push(value: number): void {
    this.reserve(1);
    this.values[this.length++] = value;
  }

  /** The rows so far; a view, not a copy. */
  finish(): T {
    return this.values.subarray(0, this.length) as T;
  }
}

export const bytesColumn = (expected: number): Column<Uint8Array> =>
  new Column(expected, (length) => new Uint8Array(length));
export const wordsColumn = (expected: number): Column<Uint32Array> =>
  new Column(expected, (length) => new Uint32Array(length));

/** Index of the first value that is not below `wanted`, in ascending values; their number if there is none. */
export function firstFrom(values: Uint32Array, wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
