/** While `leakwatch/register` loads the watcher; settled before and after. Never rejects. */
let loading: Promise<void> = Promise.resolve();

export function beginRegistration(loaded: Promise<void>): void {
  loading = loaded;
}

/** Until then nobody can know whether `leakwatch/register` watches this thread. */
export async function registrationSettled(): Promise<void> {
  await loading;
}
