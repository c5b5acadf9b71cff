class MemoryStore {
  readonly sessions: Record<string, string> = Object.create(null);
}
const store = new MemoryStore();

export function handle(index: number): void {
  store.sessions[`planted-secret-${index}`] = JSON.stringify({ cookie: 'planted-secret', index });
}
