import type { RouteHandlers } from '../../src/http/call.js';
import { problem } from '../../src/http/problem.js';
import { type InputRouteName, ROUTE_NAMES, type RouteName, routeOf } from '../../src/http/routes.js';
import { raw } from './ops-fixture.js';

/** For each route with input, a body that it accepts; null for one that takes none. */
const BODIES: Readonly<Record<InputRouteName, unknown>> = {
  scan: {},
  decide: { muted: true, reason: 'known and harmless' },
  recordHeapProfile: null,
  recordCpuProfile: null,
  operation: null,
  countLive: { className: 'Session' },
  probeLeak: { id: 'lw-0123456789abcdef' },
  evaluate: { expression: '1 + 1' },
};

/** Status of every route's fake handler: each route may have this one. */
export const REACHED = 500;

/** Every route with a handler that only writes down that it was reached: for what is decided before the handler. */
export function everyRoute(): { readonly handlers: RouteHandlers; readonly calls: readonly RouteName[] } {
  const calls: RouteName[] = [];
  const handlers = Object.fromEntries(
    ROUTE_NAMES.map((name) => [
      name,
      () => {
        calls.push(name);
        return problem('LEAKWATCH_ERR_INTERNAL', 'The handler was reached.');
      },
    ]),
  );
  return { handlers: handlers as unknown as RouteHandlers, calls };
}

/** A request that the route accepts from whoever has its scope. */
export function requestTo(name: RouteName, headers: readonly string[] = []): string {
  const { method } = routeOf(name);
  const body = new Map<string, unknown>(Object.entries(BODIES)).get(name) ?? null;
  return body === null ? raw(pathOf(name), headers, method) : withBody(name, JSON.stringify(body), headers);
}

/** The same request with this body, sent as JSON unless the headers say otherwise. */
export function withBody(name: RouteName, body: string | Buffer, headers: readonly string[] = []): string {
  const { method } = routeOf(name);
  const hasType = headers.some((header) => /^content-type:/i.test(header));
  const all = [
    ...headers,
    ...(hasType ? [] : ['Content-Type: application/json']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return raw(pathOf(name), all, method) + body.toString('latin1');
}

/** Its address with `:id` and the like filled in. */
export function pathOf(name: RouteName): string {
  return `/ops${routeOf(name).path.replace(/:\w+/g, 'lw-0123456789abcdef')}`;
}
