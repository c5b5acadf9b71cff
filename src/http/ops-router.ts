import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { terminalText } from '../report/terminal-text.js';
import type { Logger } from '../runtime/logger.js';
import type { Principal } from './authenticator.js';
import { admit } from './gate.js';
import type { OpsDependencies, OpsHandler } from './ops-dependencies.js';
import { createOpsHandlers, type RouteHandler } from './ops-handlers.js';
import { insufficientScope, methodNotAllowed, NOT_FOUND, problem } from './problem.js';
import { type OpsResponse, sendResponse } from './response.js';
import { ROUTE_NAMES, ROUTES, type Route } from './routes.js';

/** The ops endpoint. It matches paths literally: another case, a trailing slash or a doubled slash is another address. */
export function createOpsRouter(dependencies: OpsDependencies): OpsHandler {
  const principals = new WeakMap<IncomingMessage, Principal>();
  const handlers = createOpsHandlers(dependencies);
  const router = Router({ strict: true, caseSensitive: true });
  const fail = (error: unknown): OpsResponse => failure(error, dependencies.logger);
  for (const name of ROUTE_NAMES) {
    const route = ROUTES[name];
    const handle = handlers[name];
    if (handle === null) continue;
    router
      .route(route.path)
      .get(guarded(route, handle, principals, fail))
      .all((request, response) => sendResponse(request, response, methodNotAllowed('GET, HEAD')));
  }
  return (request, response) => {
    try {
      const admission = admit(request, dependencies.authenticator, isOpen(request, dependencies));
      if (!admission.admitted) return sendResponse(request, response, admission.refusal);
      const refusal = refuseAddress(request);
      if (refusal !== null) return sendResponse(request, response, refusal);
      principals.set(request, admission.principal);
      router(request as Request, response as Response, (error?: unknown) => {
        sendResponse(request, response, isUnmatched(error) ? NOT_FOUND : fail(error));
      });
    } catch (error) {
      respondOrCut(request, response, fail(error));
    }
  };
}

function guarded(
  route: Route,
  handle: RouteHandler,
  principals: WeakMap<IncomingMessage, Principal>,
  fail: (error: unknown) => OpsResponse,
): RequestHandler {
  return async (request, response) => {
    try {
      const granted = principals.get(request)?.scopes.has(route.scope) === true;
      sendResponse(
        request,
        response,
        granted ? await handle(request, request.params) : insufficientScope(route.scope),
      );
    } catch (error) {
      respondOrCut(request, response, fail(error));
    }
  };
}

function isOpen(request: IncomingMessage, { metrics, metricsAuth }: OpsDependencies): boolean {
  if (metrics === null || metricsAuth !== 'none') return false;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads && request.url?.split('?', 1)[0] === ROUTES.metrics.path;
}

/**
 * The host mounts without regard to case, and Express 4 swallows a doubled slash after the mount path. A proxy that
 * guards `/ops` may let such an address pass, so it does not exist here. CONNECT has no path that could be unknown.
 */
function refuseAddress(
  request: IncomingMessage & { baseUrl?: unknown; originalUrl?: unknown },
): OpsResponse | null {
  if (request.method === 'CONNECT') return methodNotAllowed('GET, HEAD');
  const { baseUrl, originalUrl } = request;
  if (typeof originalUrl === 'string' && originalUrl.split('?', 1)[0]?.includes('//')) return NOT_FOUND;
  const mount = typeof baseUrl === 'string' ? baseUrl.slice(baseUrl.lastIndexOf('/') + 1) : '';
  return mount !== 'ops' && mount.toLowerCase() === 'ops' ? NOT_FOUND : null;
}

/** The router itself fails only on a path that cannot be decoded, and no route has such a path. */
function isUnmatched(error: unknown): boolean {
  return error === undefined || error === null || error instanceof URIError;
}

function failure(error: unknown, logger: Logger): OpsResponse {
  const message = error instanceof Error ? error.message : String(error);
  try {
    logger.warn(`a request to the ops endpoint failed: ${terminalText(message, 300)}`);
  } catch {
    // The logger is the host's: if it throws as well, the client still needs a response.
  }
  return problem('LEAKWATCH_ERR_INTERNAL', "The watcher's log says why.");
}

/** A response that failed half-way cannot be repaired; the client must not take it for complete. */
function respondOrCut(request: IncomingMessage, response: ServerResponse, value: OpsResponse): void {
  if (response.headersSent && !response.writableEnded) response.destroy();
  else sendResponse(request, response, value);
}
