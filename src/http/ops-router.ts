import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Request, type Response, Router } from 'express';
import type { Principal } from '../access/principal.js';
import { hasPlainTarget } from '../access/request-target.js';
import { terminalText } from '../report/terminal-text.js';
import type { Logger } from '../runtime/logger.js';
import { admit, charge } from './admission.js';
import type { RouteHandler, RouteHandlers } from './call.js';
import { dispatch } from './dispatch.js';
import type { OpsDependencies, OpsHandler } from './ops-dependencies.js';
import { createOpsHandlers } from './ops-handlers.js';
import { methodNotAllowed, NOT_FOUND, problem } from './problem.js';
import { type OpsResponse, sendResponse } from './response.js';
import { ROUTE_NAMES, type RouteName, routeOf } from './routes.js';

/** The ops endpoint. It matches paths literally: another case, a trailing slash or a doubled slash is another address. */
export function createOpsRouter(
  dependencies: OpsDependencies,
  handlers: RouteHandlers = createOpsHandlers(dependencies),
): OpsHandler {
  const { own, logger } = dependencies;
  const principals = new WeakMap<IncomingMessage, Principal>();
  const conclude = (
    request: IncomingMessage,
    response: ServerResponse,
    answer: Promise<OpsResponse | null>,
  ): void => {
    answer
      .then((value) => {
        if (value?.late === true && own !== null)
          own.connections.hold(request, response, () => sendResponse(request, response, value));
        else if (value !== null) sendResponse(request, response, value);
      })
      .catch((error: unknown) => respondOrCut(request, response, failure(error, logger)));
  };
  /** Charged as well, since it costs as much as a request that a route takes. */
  const refuse = async (request: IncomingMessage, response: ServerResponse, refusal: OpsResponse) =>
    (await charge(request, response, principals.get(request)!, 'refused', dependencies)) ?? refusal;
  const router = Router({ strict: true, caseSensitive: true });
  for (const [path, names] of routesByPath()) {
    const present = names.filter((name) => handlers[name] !== null);
    if (present.length === 0) continue;
    const allowed = methodNotAllowed(present.map((one) => routeOf(one).method));
    router.route(path).all((request, response) => {
      const name = present.find((one) => answers(routeOf(one).method, request.method));
      if (name === undefined) return conclude(request, response, refuse(request, response, allowed));
      const dispatched = {
        name,
        principal: principals.get(request)!,
        parameters: request.params as Record<string, string>,
      };
      const handle = handlers[name] as RouteHandler<RouteName>;
      conclude(request, response, dispatch(request, response, dispatched, handle, dependencies));
    });
  }
  const route = (request: IncomingMessage, response: ServerResponse): void => {
    router(request as Request, response as Response, (error?: unknown) => {
      // The router itself fails only on a path that cannot be decoded, and no route has such a path.
      const isUnmatched = (error ?? null) === null || error instanceof URIError;
      const answer = isUnmatched ? refuse(request, response, NOT_FOUND) : Promise.reject(error);
      conclude(request, response, answer);
    });
  };
  const enter = async (request: IncomingMessage, response: ServerResponse): Promise<OpsResponse | null> => {
    const admitted = await admit(request, response, dependencies);
    if ('refusal' in admitted) return admitted.refusal;
    principals.set(request, admitted.principal);
    const refusal = refuseAddress(request);
    if (refusal !== null) return await refuse(request, response, refusal);
    route(request, response);
    return null;
  };
  return (request, response) => conclude(request, response, enter(request, response));
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

/**
 * The host mounts without regard to case, and Express 4 swallows a doubled slash after the mount path. A proxy that
 * guards `/ops` may let such an address pass, so it does not exist here. CONNECT has no path that could be unknown.
 */
function refuseAddress(
  request: IncomingMessage & { baseUrl?: unknown; originalUrl?: unknown },
): OpsResponse | null {
  if (request.method === 'CONNECT') return methodNotAllowed(['GET']);
  if (!hasPlainTarget(request)) return NOT_FOUND;
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
