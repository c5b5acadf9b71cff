/** V8's largest default heap: members up to a bound must fit into it. */
export const LARGEST_HEAP_BYTES = 4 * 1024 ** 3;

/** A number beyond the limit that a collection may have while one is put in before another is taken out. */
export const OVERSHOOT = 1;

/** The present size of what grows. */
export interface Grown {
  /** Members, a count. */
  readonly count: number;
  /** Bytes of the members and of all below them. */
  readonly bytes: number;
  /** What the collection, its members and its owner are about, one word each. */
  readonly subjects: ReadonlySet<string>;
}

/** Whether so many members of the present size fit into a heap. */
export function fitsHeap(members: number, { count, bytes }: Pick<Grown, 'count' | 'bytes'>): boolean {
  return (bytes / Math.max(1, count)) * members <= LARGEST_HEAP_BYTES;
}
