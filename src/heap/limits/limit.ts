/** A limit found on the owner of what grows. */
export interface Bound {
  /** The property or variable that says so, `max`, `MAX_ENTRIES`, or the comparison in the code, `cache.size >= 4000`. */
  readonly name: string;
  readonly limit: number;
  /** What the limit counts. */
  readonly unit: 'entries' | 'bytes';
  /** How many holders have one of their own, where there are several: `limit` is what they allow together. */
  readonly holders?: number;
  /** How many of these hold exactly as many, and none more, where that alone tells the limit. */
  readonly full?: number;
}

/** A sign that members leave with time, found on their owner or on the oldest of them. */
export interface Expiry {
  /** Name of the property or variable that says so: `ttl`, `maxAge`, `expiresAt`. */
  readonly name: string;
  /** How long a member may live, milliseconds; null where members carry a point in time only. */
  readonly lifetimeMs: number | null;
  /** When the oldest member that is still held ought to have gone, milliseconds since the Unix epoch; null where not known. */
  readonly oldestEndMs: number | null;
  /** How often members that ended are removed, milliseconds, where the owner says so. */
  readonly sweepMs?: number;
}
