import type { IncomingMessage } from 'node:http';
import type { Authenticator, Principal } from './authenticator.js';
import { headerValues } from './header-values.js';
import { NOT_FOUND, problem, UNAUTHENTICATED } from './problem.js';
import type { Answer } from './response.js';
import type { Scope } from './scope.js';

export type Admission =
  | { readonly admitted: true; readonly principal: Principal }
  | { readonly admitted: false; readonly answer: Answer };

const ANYONE: Principal = { id: 'anyone', scopes: new Set<Scope>(['metrics']) };

/**
 * Decides whether a request gets as far as the routes. Looks at nothing of the path, so its refusals are the same for
 * every address, existing or not. `open`: the route asks for no token.
 */
export function admit(request: IncomingMessage, authenticator: Authenticator, open: boolean): Admission {
  if (authenticator.closed && !open) return { admitted: false, answer: NOT_FOUND };
  const authentication = open
    ? ({ outcome: 'granted', principal: ANYONE } as const)
    : authenticator.authenticate(request);
  if (authentication.outcome === 'malformed') {
    const detail = 'The request has more than one Authorization header.';
    return { admitted: false, answer: problem('LEAKWATCH_ERR_BAD_REQUEST', detail) };
  }
  if (authentication.outcome === 'refused') return { admitted: false, answer: UNAUTHENTICATED };
  // Asked last: who has no token learns nothing, not even this rule.
  if (isFromAnotherSite(request)) {
    const detail = 'The endpoint answers programs and typed addresses, never pages of a browser.';
    return { admitted: false, answer: problem('LEAKWATCH_ERR_CROSS_SITE', detail) };
  }
  return { admitted: true, principal: authentication.principal };
}

/** No page belongs to this endpoint, so any Origin is another site's. */
function isFromAnotherSite(request: IncomingMessage): boolean {
  if (headerValues(request, 'origin').length > 0) return true;
  return headerValues(request, 'sec-fetch-site').some(
    (site) => !['same-origin', 'none'].includes(site.toLowerCase()),
  );
}
