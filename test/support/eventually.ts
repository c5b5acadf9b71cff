import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
const GIVE_UP_MS = 30_000;

/** Waits until `condition` returns something truthy, and returns that; fails with `what` if it never does. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  giveUpMs = GIVE_UP_MS,
  pollMs = POLL_MS,
): Promise<NonNullable<T>> {
  const until = Date.now() + giveUpMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > until) throw new Error(`never happened: ${what}`);
    await sleep(pollMs);
  }
}
