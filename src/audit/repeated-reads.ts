/** A scraper that fetches a profile every 15 s would push everything else out of the log within weeks. */
const EVERY_MS = 60 * 60 * 1000;
/** Different reads that are remembered; a further one gets a line each time. */
const MAX_KNOWN = 256;

/** Counts reads that repeat, so that each gets one line an hour. Times are on the monotonic clock. */
export class RepeatedReads<T> {
  readonly #known = new Map<string, { readonly read: T; writtenMs: number; count: number }>();

  /**
   * How often this read was repeated since its latest line, if it gets a line now (`atOnce`: in any case); null if it was only
   * counted.
   */
  due(key: string, nowMs: number, atOnce: boolean): number | null {
    const known = this.#known.get(key);
    if (known === undefined) return 0;
    if (atOnce || nowMs - known.writtenMs >= EVERY_MS) return known.count;
    known.count += 1;
    return null;
  }

  /** The read got its line. */
  written(key: string, read: T, nowMs: number): void {
    if (this.#known.size >= MAX_KNOWN) this.#forgetOld(nowMs);
    if (this.#known.size < MAX_KNOWN || this.#known.has(key))
      this.#known.set(key, { read, writtenMs: nowMs, count: 0 });
  }

  /** What was only counted so far. */
  rest(): readonly { readonly read: T; readonly count: number }[] {
    return [...this.#known.values()].filter(({ count }) => count > 0);
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { writtenMs, count }] of this.#known)
      if (count === 0 && nowMs - writtenMs >= EVERY_MS) this.#known.delete(key);
  }
}
