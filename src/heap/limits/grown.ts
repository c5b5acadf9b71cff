/** The largest heap that V8 gives a program unasked; what a bound allows must fit into it. */
const LARGEST_HEAP_BYTES = 4 * 1024 ** 3;

/** What grows, at present. */
export interface Grown {
  /** Members, a count. */
  readonly count: number;
  /** Theirs and of all below them. */
  readonly bytes: number;
  /** What the collection, its members and its owner are about, one word each. */
  readonly subjects: ReadonlySet<string>;
}

/** Whether so many members, of the present size, have room in a heap. */
export function fitsHeap(members: number, { count, bytes }: Pick<Grown, 'count' | 'bytes'>): boolean {
  return (bytes / Math.max(1, count)) * members <= LARGEST_HEAP_BYTES;
}

export function fitsHeapBytes(bytes: number): boolean {
  return bytes <= LARGEST_HEAP_BYTES;
}
