/** What a `stats` event of a memwatch package says about one full GC. */
export interface MemwatchStats {
  /** Used heap at the end of the cycle, bytes. */
  readonly usedBytes: number;
  /** End of the cycle, milliseconds since the Unix epoch, and its length; null if the package reports no times. */
  readonly timing: { readonly endMs: number; readonly pauseMs: number } | null;
}

/**
 * Reads either shape; null for anything else.
 * - `@airbnb/node-memwatch` 3: `{ gc_ts (µs since the epoch), gc_time (ns), used_heap_size (bytes), … }`
 * - `memwatch-next` and older: `{ current_base (bytes after the GC), num_full_gc, usage_trend, … }`
 */
export function parseMemwatchStats(stats: unknown): MemwatchStats | null {
  if (typeof stats !== 'object' || stats === null) return null;
  const fields: Readonly<Record<string, unknown>> = { ...stats };
  const used = amount(fields['used_heap_size']);
  const endUs = amount(fields['gc_ts']);
  const pauseNs = amount(fields['gc_time']);
  if (used !== null && endUs !== null && pauseNs !== null) {
    return { usedBytes: used, timing: { endMs: endUs / 1e3, pauseMs: pauseNs / 1e6 } };
  }
  const base = amount(fields['current_base']);
  return base === null ? null : { usedBytes: base, timing: null };
}

function amount(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : null;
}
