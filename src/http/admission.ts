import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Charge } from '../access/limits.js';
import { ANYONE, isOutage, type Principal, type Proof } from '../access/principal.js';
import { refuseClient } from './gate.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { NOT_FOUND, tooManyFailures, tooManyRequests, UNAUTHENTICATED, UNAVAILABLE } from './problem.js';
import type { OpsResponse } from './response.js';
import { ROUTES } from './routes.js';

/** Who sends a request, or why it does not reach the routes. */
export type Admission = { readonly principal: Principal } | { readonly refusal: OpsResponse };

/**
 * Decides on a request by its headers alone. A valid token or certificate is looked for first, so the failures of others
 * at the same address cost it nothing. Requests without one are counted, and after a few of them the client gets 429 for a
 * minute.
 */
export async function admit(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: OpsDependencies,
): Promise<Admission> {
  const { authenticator, own } = dependencies;
  const proved = authenticator.principalOf(request);
  const misdirected = own?.misdirected(request) ?? null;
  if (misdirected !== null) {
    own?.connections.judged(request.socket, proved !== null);
    return { refusal: await misdirect(request, response, proved, misdirected, dependencies) };
  }
  const known = proved ?? (isOpen(request, dependencies) ? ANYONE : null);
  const proof = known === null && authenticator.hasProvers ? await prove(request, dependencies) : known;
  if (proof === 'busy')
    return { refusal: tooManyRequests('Too many clients are being authenticated at the moment.', 1) };
  if (isOutage(proof)) {
    dependencies.denied(request, null, proof);
    return { refusal: UNAVAILABLE };
  }
  const principal = proof;
  own?.connections.judged(request.socket, principal !== null && principal !== ANYONE);
  const refusal = refuseClient(request, principal, authenticator);
  if (principal === null) {
    if (!authenticator.closed) dependencies.denied(request, null);
    return { refusal: await countFailure(request, refusal ?? NOT_FOUND, dependencies) };
  }
  if (refusal === null) return { principal };
  return { refusal: (await charge(request, response, principal, 'refused', dependencies)) ?? refusal };
}

/** Under a wrong name only tokens and certificates are looked at: nothing slow is asked about it. */
async function misdirect(
  request: IncomingMessage,
  response: ServerResponse,
  principal: Principal | null,
  refusal: OpsResponse,
  dependencies: OpsDependencies,
): Promise<OpsResponse> {
  if (principal === null) return await countFailure(request, refusal, dependencies);
  return (await charge(request, response, principal, 'refused', dependencies)) ?? refusal;
}

/**
 * Asks the issuer's keys and the host's hook. During a penalty as well, since others may share the address, such as behind a proxy;
 * but then only a few at a time, so that a flood stays cheap.
 */
async function prove(
  request: IncomingMessage,
  { authenticator, limits }: Pick<OpsDependencies, 'authenticator' | 'limits'>,
): Promise<Proof> {
  const penaltySeconds = await limits.penaltySeconds(request.socket.remoteAddress);
  return await authenticator.prove(request, penaltySeconds > 0);
}

/**
 * Charges a request of this principal and says on the response what is left. Returns the refusal if that was one too
 * many, else null.
 */
export async function charge(
  request: IncomingMessage,
  response: ServerResponse,
  principal: Principal,
  what: Charge,
  { limits }: Pick<OpsDependencies, 'limits'>,
): Promise<OpsResponse | null> {
  const state = await limits.charge(principal, what, request.socket.remoteAddress);
  response.setHeader('RateLimit-Policy', `"${what}";q=${state.limit};w=${state.windowSeconds}`);
  response.setHeader('RateLimit', `"${what}";r=${state.remaining};t=${state.resetSeconds}`);
  if (state.allowed) return null;
  const detail = `More than ${state.limit} requests in ${state.windowSeconds} s, counted as '${what}'.`;
  return tooManyRequests(detail, state.resetSeconds);
}

/**
 * Only the 401 becomes a 429. Another refusal (421, 400) keeps its status, since it says nothing about tokens and names a
 * mistake that a client must see, whatever others at the same address do. The own listener sends it late.
 */
async function countFailure(
  request: IncomingMessage,
  refusal: OpsResponse,
  { limits }: OpsDependencies,
): Promise<OpsResponse> {
  const penaltySeconds = await limits.failed(request.socket.remoteAddress);
  if (penaltySeconds === 0) return refusal;
  return refusal === UNAUTHENTICATED ? tooManyFailures(penaltySeconds) : { ...refusal, late: true };
}

/** Whether a GET of the metrics needs no token. */
function isOpen(request: IncomingMessage, { metrics, metricsAuth }: OpsDependencies): boolean {
  if (metrics === null || metricsAuth !== 'none') return false;
  const isGet = request.method === 'GET' || request.method === 'HEAD';
  return isGet && request.url?.split('?', 1)[0] === ROUTES.metrics.path;
}
