/** What a client may do: read findings, read metrics, act on the watcher, take heap dumps, take profiles, evaluate code. */
export const SCOPES = ['read', 'metrics', 'act', 'dump', 'profile', 'eval', 'eval:full'] as const;
export type Scope = (typeof SCOPES)[number];

/** What a route can need. `eval:full` is no route's: an expression needs it in addition, if it is to change something. */
export type RouteScope = Exclude<Scope, 'eval:full'>;

/** Scopes of a token that names none: it reads what the watcher found and changes nothing. */
export const DEFAULT_SCOPES: readonly Scope[] = ['read', 'metrics'];

export function isScope(value: unknown): value is Scope {
  return (SCOPES as readonly unknown[]).includes(value);
}
