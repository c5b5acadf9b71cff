/** A time span that all processes of the benchmark agree on. */
export interface Window {
  /** On the clock of `monotonicMs`. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Milliseconds on the machine's monotonic clock, the same in all processes; `performance.now()` restarts in each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
