export interface Timer {
  cancel(): void;
}

/** The only way time enters the package, so that tests can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on the monotonic clock of `performance.now()`; the time base of `PerformanceEntry.startTime`. */
  monotonicMs(): number;
  /** Calls back once; never keeps the process alive. */
  after(delayMs: number, callback: () => void): Timer;
}

export const systemClock: Clock = {
  now: Date.now,
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const handle = setTimeout(callback, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
