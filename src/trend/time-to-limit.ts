import type { TrendVerdict } from './trend-verdict.js';

/** Seconds until a limit is met at the present rate. `high` is null when the slower end of the interval never gets there. */
export interface TimeToLimit {
  readonly seconds: number;
  readonly low: number;
  readonly high: number | null;
}

/**
 * When `liveBytes` meets `limitBytes` at the rate of `verdict`; null unless that is rising. `limitBytes` is the
 * smaller of V8's limit and what the container allows (see `reachableLimit`).
 */
export function timeToLimit(
  liveBytes: number,
  limitBytes: number,
  verdict: TrendVerdict,
): TimeToLimit | null {
  if (verdict.direction !== 'rising' || verdict.bytesPerSecond <= 0) return null;
  const leftBytes = Math.max(0, limitBytes - liveBytes);
  return {
    seconds: leftBytes / verdict.bytesPerSecond,
    low: leftBytes / Math.max(verdict.high, verdict.bytesPerSecond),
    high: verdict.low > 0 ? leftBytes / verdict.low : null,
  };
}

/** The live heap that can be reached, bytes: V8's limit, or less where container or host have less than that to give. */
export function reachableLimit(
  liveBytes: number,
  v8LimitBytes: number,
  availableBytes: number | null,
): number {
  return availableBytes === null ? v8LimitBytes : Math.min(v8LimitBytes, liveBytes + availableBytes);
}
