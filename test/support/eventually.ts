import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;
const GIVE_UP_MS = 30_000;

/** Waits until `condition` gives something truthy and returns it; fails with `what` when that does not come about. */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  giveUpMs = GIVE_UP_MS,
): Promise<NonNullable<T>> {
  const until = Date.now() + giveUpMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > until) throw new Error(`never came about: ${what}`);
    await sleep(POLL_MS);
  }
}
