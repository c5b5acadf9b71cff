import type { Principal } from '../access/principal.js';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import { renderJson } from '../report/json.js';
import type { OpsResponse } from './response.js';

const REALM = 'Bearer realm="leakwatch"';

/** The `type` of problems with this code: a name, not an address, so it stays the same wherever the documents are. */
export function problemType(code: ErrorCode): string {
  return `urn:leakwatch:error:${code.replace('LEAKWATCH_ERR_', '').toLowerCase().replaceAll('_', '-')}`;
}

/** An RFC 9457 response. The client sees `detail`: it holds no file path, no token and no stack. */
export function problem(
  code: ErrorCode,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): OpsResponse {
  const { status, title } = ERROR_CODES[code];
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json; charset=utf-8', ...headers },
    body: `${renderJson({ type: problemType(code), title, status, code, detail })}\n`,
  };
}

/** The same for every cause, so that the response reveals nothing about paths or tokens. */
export const UNAUTHENTICATED: OpsResponse = problem(
  'LEAKWATCH_ERR_UNAUTHENTICATED',
  "Send one header 'Authorization: Bearer TOKEN' with one of this watcher's tokens.",
  { 'WWW-Authenticate': REALM },
);

export const NOT_FOUND: OpsResponse = problem(
  'LEAKWATCH_ERR_NOT_FOUND',
  'No route or finding has this address.',
);

export const NO_FINDING: OpsResponse = problem('LEAKWATCH_ERR_NOT_FOUND', 'No finding has this id.');

export function insufficientScope(scope: string, { provedBy }: Pick<Principal, 'provedBy'>): OpsResponse {
  const who = provedBy === 'token' ? 'The token' : 'This client';
  return problem('LEAKWATCH_ERR_INSUFFICIENT_SCOPE', `${who} lacks the scope '${scope}'.`, {
    'WWW-Authenticate': `${REALM}, error="insufficient_scope", scope="${scope}"`,
  });
}

export function methodNotAllowed(allowed: readonly string[]): OpsResponse {
  const methods = allowed.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
  return problem('LEAKWATCH_ERR_METHOD_NOT_ALLOWED', `Allowed here: ${methods}.`, { Allow: methods });
}

/** Rounded up, since a client that asks a little too early is refused again. */
export function retryAfter(ms: number): Readonly<Record<string, string>> {
  return { 'Retry-After': String(Math.max(1, Math.ceil(ms / 1000))) };
}

/** Of a client without a valid token: like the 401, it is the same for every path. */
export function tooManyFailures(retryAfterSeconds: number): OpsResponse {
  return tooManyRequests(
    'This request has no valid token, like too many before it from your address. Requests with one are still answered.',
    retryAfterSeconds,
  );
}

/** Of a client whose proof cannot be checked, be it right or wrong: the same for every path. */
export const UNAVAILABLE: OpsResponse = {
  ...problem(
    'LEAKWATCH_ERR_REFUSED',
    'Credentials cannot be checked at the moment, because the service or the issuer that checks them fails. The watcher has logged why.',
    { 'Retry-After': '10' },
  ),
  late: true,
};

export function tooManyRequests(detail: string, retryAfterSeconds: number): OpsResponse {
  const headers = { 'Retry-After': String(retryAfterSeconds) };
  return { ...problem('LEAKWATCH_ERR_TOO_MANY_REQUESTS', detail, headers), late: true };
}
