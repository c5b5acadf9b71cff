import type { RouteScope } from '../access/scope.js';

interface Route {
  /** Below the base (`/ops`), in the router's notation. */
  readonly path: string;
  /** HEAD is answered wherever GET is. */
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly scope: RouteScope;
  /** Whether whoever began the operation in its path may use it without the scope. */
  readonly beginnerToo?: true;
  /** Whether it takes a query or a body: `INPUTS` in schema/inputs.ts says which. Any body sent to another route is left unread. */
  readonly input?: true;
  /** Whether the host's app leaves it to the own listener. */
  readonly ownListenerOnly?: true;
}

/** Every route of the ops endpoint; `docs/http-api.md` lists the same. */
export const ROUTES = {
  leaks: { path: '/leaks', method: 'GET', scope: 'read' },
  // Before the path with the parameter, which it would match as well.
  scan: { path: '/leaks/scan', method: 'POST', scope: 'act', input: true },
  leak: { path: '/leaks/:id', method: 'GET', scope: 'read' },
  decide: { path: '/leaks/:id', method: 'PATCH', scope: 'act', input: true },
  status: { path: '/status', method: 'GET', scope: 'read' },
  collect: { path: '/gc', method: 'POST', scope: 'act' },
  heapProfile: { path: '/profile/heap', method: 'GET', scope: 'profile' },
  recordHeapProfile: { path: '/profile/heap', method: 'POST', scope: 'profile', input: true },
  recordCpuProfile: { path: '/profile/cpu', method: 'POST', scope: 'profile', input: true },
  operation: { path: '/operations/:id', method: 'GET', scope: 'read', beginnerToo: true, input: true },
  cancelOperation: { path: '/operations/:id', method: 'DELETE', scope: 'act', beginnerToo: true },
  operationFile: { path: '/operations/:id/file', method: 'GET', scope: 'profile' },
  // It stops the service for a while, so reading is not enough.
  countLive: { path: '/probes/live', method: 'POST', scope: 'act', input: true },
  probeHandles: { path: '/probes/handles', method: 'POST', scope: 'read' },
  probeModules: { path: '/probes/modules', method: 'POST', scope: 'read' },
  probeLeak: { path: '/probes/leak', method: 'POST', scope: 'read', input: true },
  evaluate: { path: '/eval', method: 'POST', scope: 'eval', input: true },
  metrics: { path: '/metrics', method: 'GET', scope: 'metrics', ownListenerOnly: true },
  openapi: { path: '/openapi.json', method: 'GET', scope: 'read' },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof ROUTES;
export const ROUTE_NAMES = Object.keys(ROUTES) as readonly RouteName[];
/** Names of the routes that take a query or a body. */
export type InputRouteName = {
  [N in RouteName]: (typeof ROUTES)[N] extends { readonly input: true } ? N : never;
}[RouteName];

export function routeOf(name: RouteName): Route {
  return ROUTES[name];
}

/** Whether calls of routes with this scope are recorded before they are carried out: whatever does more than read. */
export function isAudited(scope: RouteScope): boolean {
  return scope !== 'read' && scope !== 'metrics';
}
