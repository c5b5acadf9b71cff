/** Two leaks that have nothing in common but the requests. */
class SessionStore {
  readonly sessions = new Map<string, object>();
}
class AuditLog {
  readonly lines: object[] = [];
}
const store = new SessionStore();
const log = new AuditLog();

export function handle(index: number): void {
  store.sessions.set(`planted-secret-${index}`, { index, user: `planted-secret-user-${index}` });
  log.lines.push({ index, action: `planted-secret-action-${index}`, tags: [index] });
}
