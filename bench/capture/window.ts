/** A stretch of time that the processes of the benchmark agree on. */
export interface Window {
  /** Of `monotonicMs`. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Milliseconds on the machine's monotonic clock, the same in all its processes; `performance.now()` starts anew in each. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
