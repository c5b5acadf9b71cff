const DAY_MS = 86_400_000;

export function handle(index: number): void {
  const session = { index, token: `planted-secret-${index}` };
  setTimeout(() => {
    session.token = '';
  }, DAY_MS).unref();
}
