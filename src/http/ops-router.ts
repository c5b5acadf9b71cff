import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type Response, Router } from 'express';
import { ANYONE, type Principal } from '../access/principal.js';
import { terminalText } from '../report/terminal-text.js';
import type { Logger } from '../runtime/logger.js';
import type { RouteHandler } from './call.js';
import { dispatch } from './dispatch.js';
import { refuseClient } from './gate.js';
import type { OpsDependencies, OpsHandler } from './ops-dependencies.js';
import { createOpsHandlers } from './ops-handlers.js';
import { methodNotAllowed, NOT_FOUND, problem } from './problem.js';
import { type OpsResponse, sendResponse } from './response.js';
import { ROUTE_NAMES, ROUTES, type RouteName, routeOf } from './routes.js';

/** The ops endpoint. It matches paths literally: another case, a trailing slash or a doubled slash is another address. */
export function createOpsRouter(dependencies: OpsDependencies): OpsHandler {
  const { authenticator, logger } = dependencies;
  const principals = new WeakMap<IncomingMessage, Principal>();
  const handlers = createOpsHandlers(dependencies);
  const router = Router({ strict: true, caseSensitive: true });
  for (const [path, names] of routesByPath()) {
    const present = names.filter((name) => handlers[name] !== null);
    if (present.length === 0) continue;
    router.route(path).all((request, response, next) => {
      const name = present.find((one) => answers(routeOf(one).method, request.method));
      if (name === undefined)
        return sendResponse(request, response, methodNotAllowed(present.map((one) => routeOf(one).method)));
      const dispatched = {
        name,
        principal: principals.get(request)!,
        parameters: request.params as Record<string, string>,
      };
      dispatch(request, response, dispatched, handlers[name] as RouteHandler<RouteName>, dependencies)
        .then((value) => sendResponse(request, response, value))
        .catch(next);
    });
  }
  return (request, response) => {
    const fail = (error: unknown) => respondOrCut(request, response, failure(error, logger));
    try {
      const principal = isOpen(request, dependencies) ? ANYONE : authenticator.principalOf(request);
      const refusal = refuseClient(request, principal, authenticator) ?? refuseAddress(request);
      if (refusal !== null) return sendResponse(request, response, refusal);
      principals.set(request, principal!);
      router(request as Request, response as Response, (error?: unknown) => {
        // The router itself fails only on a path that cannot be decoded, and no route has such a path.
        const isUnmatched = (error ?? null) === null || error instanceof URIError;
        if (isUnmatched) sendResponse(request, response, NOT_FOUND);
        else fail(error);
      });
    } catch (error) {
      fail(error);
    }
  };
}

function routesByPath(): ReadonlyMap<string, readonly RouteName[]> {
  const byPath = new Map<string, RouteName[]>();
  for (const name of ROUTE_NAMES) {
    const { path } = routeOf(name);
    byPath.set(path, [...(byPath.get(path) ?? []), name]);
  }
  return byPath;
}

function answers(method: string, asked: string | undefined): boolean {
  return method === asked || (method === 'GET' && asked === 'HEAD');
}

function isOpen(request: IncomingMessage, { metrics, metricsAuth }: OpsDependencies): boolean {
  if (metrics === null || metricsAuth !== 'none') return false;
  return answers('GET', request.method) && request.url?.split('?', 1)[0] === ROUTES.metrics.path;
}

/**
 * The host mounts without regard to case, and Express 4 swallows a doubled slash after the mount path. A proxy that
 * guards `/ops` may let such an address pass, so it does not exist here. CONNECT has no path that could be unknown.
 */
function refuseAddress(
  request: IncomingMessage & { baseUrl?: unknown; originalUrl?: unknown },
): OpsResponse | null {
  if (request.method === 'CONNECT') return methodNotAllowed(['GET']);
  const { baseUrl, originalUrl } = request;
  if (typeof originalUrl === 'string' && originalUrl.split('?', 1)[0]?.includes('//')) return NOT_FOUND;
  const mount = typeof baseUrl === 'string' ? baseUrl.slice(baseUrl.lastIndexOf('/') + 1) : '';
  return mount !== 'ops' && mount.toLowerCase() === 'ops' ? NOT_FOUND : null;
}

function failure(error: unknown, logger: Logger): OpsResponse {
  const message = error instanceof Error ? error.message : String(error);
  try {
    logger.warn(`a request to the ops endpoint failed: ${terminalText(message, 300)}`);
  } catch {
    // The logger is the host's: if it throws as well, the client still needs a response.
  }
  return problem('LEAKWATCH_ERR_INTERNAL', "The watcher's log gives the reason.");
}

/** A response that failed half-way cannot be repaired; the client must not take it for complete. */
function respondOrCut(request: IncomingMessage, response: ServerResponse, value: OpsResponse): void {
  if (response.headersSent && !response.writableEnded) response.destroy();
  else sendResponse(request, response, value);
}
