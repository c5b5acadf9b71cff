import type { Clock } from './clock.js';

/**
 * A signal that aborts with either of two, until it is released. `AbortSignal.any` keeps an entry at a long-lived signal for
 * every one that was made of it, until it is collected.
 */
export function eitherAborted(
  one: AbortSignal,
  other: AbortSignal | null,
): { readonly signal: AbortSignal; release(): void } {
  const both = new AbortController();
  const abort = (): void => both.abort();
  const sources = other === null ? [one] : [one, other];
  for (const source of sources) {
    if (source.aborted) abort();
    else source.addEventListener('abort', abort);
  }
  return {
    signal: both.signal,
    release() {
      for (const source of sources) source.removeEventListener('abort', abort);
    },
  };
}

/** What `promise` resolves to, or null as soon as `signal` aborts. */
export async function settledOrAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) return null;
  let abort = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    abort = () => resolve(null);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Resolves after `ms`, or as soon as `signal` aborts. Does not keep the process alive. */
export async function pauseOrAborted(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => {};
  const over = new Promise<void>((resolve) => {
    ({ cancel } = clock.after(ms, resolve));
  });
  await settledOrAborted(over, signal);
  cancel();
}
