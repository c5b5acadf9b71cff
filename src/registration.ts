import { keepAlive } from './runtime/clock.js';

/** Until `leakwatch/register` has loaded the watcher, or has given up. Never rejects. */
let loading: Promise<void> | null = null;

export function beginRegistration(loaded: Promise<void>): void {
  loading = loaded.then(() => {
    loading = null;
  });
}

/** Until then nobody can know whether `leakwatch/register` watches this thread. Keeps the process alive, as the loading does not. */
export async function registrationSettled(): Promise<void> {
  if (loading === null) return;
  const waiting = keepAlive();
  await loading;
  waiting.cancel();
}
