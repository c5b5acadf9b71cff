import type { IncomingMessage } from 'node:http';
import type { Authenticator, Principal } from './authenticator.js';
import { headerValues } from './header-values.js';
import { NOT_FOUND, problem, UNAUTHENTICATED } from './problem.js';
import type { OpsResponse } from './response.js';
import type { Scope } from './scope.js';

export type Admission =
  | { readonly admitted: true; readonly principal: Principal }
  | { readonly admitted: false; readonly refusal: OpsResponse };

const ANYONE: Principal = { id: 'anyone', scopes: new Set<Scope>(['metrics']) };

/**
 * Decides whether a request reaches the routes. Ignores the path, so a refusal is the same for every address, existing or
 * not. `open`: the route needs no token.
 */
export function admit(request: IncomingMessage, authenticator: Authenticator, open: boolean): Admission {
  if (authenticator.closed && !open) return { admitted: false, refusal: NOT_FOUND };
  const authentication = open
    ? ({ outcome: 'granted', principal: ANYONE } as const)
    : authenticator.authenticate(request);
  if (authentication.outcome === 'malformed') {
    const detail = 'The request has more than one Authorization header.';
    return { admitted: false, refusal: problem('LEAKWATCH_ERR_BAD_REQUEST', detail) };
  }
  if (authentication.outcome === 'refused') return { admitted: false, refusal: UNAUTHENTICATED };
  // Checked last: a client without a token learns nothing, not even this rule.
  if (isFromAnotherSite(request)) {
    const detail =
      'This endpoint answers programs and addresses typed into a browser, never requests from a web page.';
    return { admitted: false, refusal: problem('LEAKWATCH_ERR_CROSS_SITE', detail) };
  }
  return { admitted: true, principal: authentication.principal };
}

/** This endpoint has no pages, so any Origin is another site's. */
function isFromAnotherSite(request: IncomingMessage): boolean {
  if (headerValues(request, 'origin').length > 0) return true;
  return headerValues(request, 'sec-fetch-site').some(
    (site) => !['same-origin', 'none'].includes(site.toLowerCase()),
  );
}
