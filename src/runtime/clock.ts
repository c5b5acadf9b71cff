/** Limit of Node's timers. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

export interface Timer {
  cancel(): void;
}

/** The only source of time in the package, so that tests can control it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on the monotonic clock of `performance.now()`; the time base of `PerformanceEntry.startTime`. */
  monotonicMs(): number;
  /** Calls back once; never keeps the process alive. */
  after(delayMs: number, callback: () => void): Timer;
}

/** Keeps the process alive until cancelled, while waiting for something that does not. */
export function keepAlive(): Timer {
  const handle = setInterval(() => {}, LONGEST_DELAY_MS);
  return { cancel: () => clearInterval(handle) };
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

/** Does not keep the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

/** Once other work has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A larger step back is a jump of the wall clock; a smaller one is drift, which is followed. */
const JUMP_MS = 1000;

/**
 * A clock for waiting and spacing by `now()`: if the wall clock is set back, this one continues at the pace of the
 * monotonic clock, ahead of the wall clock, until the wall clock has caught up.
 */
export function createForwardClock(clock: Clock): Clock {
  let last = { nowMs: clock.now(), monotonicMs: clock.monotonicMs() };
  return {
    now() {
      const monotonicMs = clock.monotonicMs();
      const expectedMs = last.nowMs + (monotonicMs - last.monotonicMs);
      const wallMs = clock.now();
      last = { nowMs: wallMs < expectedMs - JUMP_MS ? expectedMs : wallMs, monotonicMs };
      return last.nowMs;
    },
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
