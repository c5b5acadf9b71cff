/** V8's largest default heap: members up to a bound must fit into it. */
export const LARGEST_HEAP_BYTES = 4 * 1024 ** 3;

/** How far a collection may exceed its limit while a member is added before another is removed. */
export const OVERSHOOT = 1;

/** The present size of the growing collection. */
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

/** A limit found on the owner of the growing collection. */
export interface Bound {
  /**
   * `setting`: a number on the owner or near it. `code`: a comparison in its code. `slots`: those that an array was set up
   * with. `full-holders`: no number says it, only the holders that have reached it.
   */
  readonly source: 'setting' | 'code' | 'slots' | 'full-holders';
  /** The property or variable, `max`, `MAX_ENTRIES`, or the comparison, `cache.size >= 4000`; null of full holders. */
  readonly name: string | null;
  readonly limit: number;
  readonly unit: 'entries' | 'bytes';
  /** How many holders have one limit each, if there are several: `limit` is then their total. */
  readonly holders?: number;
  /** Of `full-holders`: how many hold exactly `limit / holders`; none holds more. */
  readonly full?: number;
}

/** A sign that members are removed after some time, found on their owner or on the oldest of them. */
export interface Expiry {
  /** Name of the property or variable that says so: `ttl`, `maxAge`, `expiresAt`. */
  readonly name: string;
  /** How long a member may live, milliseconds; null if members only carry a point in time. */
  readonly lifetimeMs: number | null;
  /** When the oldest member that is still held should have been removed, milliseconds since the Unix epoch; null if unknown. */
  readonly oldestEndMs: number | null;
  /** How often expired members are removed, milliseconds, if the owner says so. */
  readonly sweepMs?: number;
}
