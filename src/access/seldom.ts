import { type Clock, systemClock } from '../runtime/clock.js';

const SPACING_MS = 60_000;

/** Logs at most one line a minute: whoever floods the endpoint must not flood the log. */
export function seldom(write: (line: string) => void, clock: Clock = systemClock): (line: string) => void {
  let nextMs = Number.NEGATIVE_INFINITY;
  return (line) => {
    if (clock.monotonicMs() < nextMs) return;
    nextMs = clock.monotonicMs() + SPACING_MS;
    write(line);
  };
}
