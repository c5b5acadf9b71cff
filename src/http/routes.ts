/** What a token may do: read findings, read metrics, act on the watcher, take heap dumps, take profiles, evaluate code. */
export const SCOPES = ['read', 'metrics', 'act', 'dump', 'profile', 'eval'] as const;
export type Scope = (typeof SCOPES)[number];

/** Scopes of a token that names none: it reads what the watcher found and changes nothing. */
export const DEFAULT_SCOPES: readonly Scope[] = ['read', 'metrics'];

interface Route {
  /** Below the base (`/ops`), in the router's notation. */
  readonly path: string;
  /** HEAD is answered wherever GET is. */
  readonly method: 'GET';
  readonly scope: Scope;
}

/** Every route of the ops endpoint; `docs/http-api.md` lists the same. */
export const ROUTES = {
  leaks: { path: '/leaks', method: 'GET', scope: 'read' },
  leak: { path: '/leaks/:id', method: 'GET', scope: 'read' },
  status: { path: '/status', method: 'GET', scope: 'read' },
  metrics: { path: '/metrics', method: 'GET', scope: 'metrics' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export const ROUTE_NAMES = Object.keys(ROUTES) as readonly RouteName[];
