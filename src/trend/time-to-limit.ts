import type { TrendVerdict } from './trend-verdict.js';

/** Seconds until a limit is reached at the present rate. `high` is null if the slower end of the interval never reaches it. */
export interface TimeToLimit {
  readonly seconds: number;
  readonly low: number;
  readonly high: number | null;
}

/**
 * When `liveBytes` reaches `limitBytes` at the rate of `verdict`; null unless it is rising. `limitBytes` is the smaller
 * of V8's limit and what the container allows (see `reachableLimit`).
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

/** The largest live heap possible, bytes: V8's limit, or less if container or host cannot provide that much. */
export function reachableLimit(
  liveBytes: number,
  v8LimitBytes: number,
  availableBytes: number | null,
): number {
  return availableBytes === null ? v8LimitBytes : Math.min(v8LimitBytes, liveBytes + availableBytes);
}
