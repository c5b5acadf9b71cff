import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type Response, Router } from 'express';
import { terminalText } from '../report/terminal-text.js';
import type { Logger } from '../runtime/logger.js';
import type { Scopes } from './authenticator.js';
import { refuseClient } from './gate.js';
import type { OpsDependencies, OpsHandler } from './ops-dependencies.js';
import { createOpsHandlers } from './ops-handlers.js';
import { insufficientScope, METHOD_NOT_ALLOWED, NOT_FOUND, problem } from './problem.js';
import { type OpsResponse, sendResponse } from './response.js';
import { ROUTE_NAMES, ROUTES, type Scope } from './routes.js';

/** Scopes of a client that needs no token. */
const ANYONE: Scopes = new Set<Scope>(['metrics']);

/** The ops endpoint. It matches paths literally: another case, a trailing slash or a doubled slash is another address. */
export function createOpsRouter(dependencies: OpsDependencies): OpsHandler {
  const { authenticator, logger } = dependencies;
  const granted = new WeakMap<IncomingMessage, Scopes | null>();
  const handlers = createOpsHandlers(dependencies);
  const router = Router({ strict: true, caseSensitive: true });
  for (const name of ROUTE_NAMES) {
    const { path, scope } = ROUTES[name];
    const handle = handlers[name];
    if (handle === null) continue;
    router
      .route(path)
      .get(async (request, response) => {
        const allowed = granted.get(request)?.has(scope) === true;
        const value = allowed ? await handle(request, request.params) : insufficientScope(scope);
        sendResponse(request, response, value);
      })
      .all((request, response) => sendResponse(request, response, METHOD_NOT_ALLOWED));
  }
  return (request, response) => {
    const fail = (error: unknown) => respondOrCut(request, response, failure(error, logger));
    try {
      const scopes = isOpen(request, dependencies) ? ANYONE : authenticator.scopesOf(request);
      const refusal = refuseClient(request, scopes, authenticator) ?? refuseAddress(request);
      if (refusal !== null) return sendResponse(request, response, refusal);
      granted.set(request, scopes);
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
  if (request.method === 'CONNECT') return METHOD_NOT_ALLOWED;
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
