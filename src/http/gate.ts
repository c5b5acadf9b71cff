import type { IncomingMessage } from 'node:http';
import type { Authenticator } from '../access/authenticator.js';
import { headerValues, mayLackHeaders } from '../access/header-values.js';
import type { Principal } from '../access/principal.js';
import { isFromAnotherSite } from '../access/same-origin.js';
import type { ListenAddress } from '../options/listen-address.js';
import { NOT_FOUND, problem, UNAUTHENTICATED } from './problem.js';
import type { OpsResponse } from './response.js';

/**
 * Refuses requests whose Host header does not name this listener: a web page can make its own host name resolve to
 * 127.0.0.1 (DNS rebinding), but it cannot send another Host. Accepted are the listen address, the loopback names, the
 * address the connection arrived at, and `allowedHosts`; any port, since tunnels and port mappings change it.
 * The check returns the refusal, or null.
 */
export function createHostCheck(
  listen: ListenAddress,
  allowedHosts: readonly string[],
): (request: IncomingMessage) => OpsResponse | null {
  if (listen.kind === 'unix') return () => null;
  const allowed = new Set(['localhost', '127.0.0.1', '[::1]', bracketed(listen.host)]);
  for (const host of allowedHosts) allowed.add(bracketed(host.toLowerCase()));
  return (request) => {
    const values = headerValues(request, 'host');
    const host = values.length === 1 ? values[0]!.trim().toLowerCase() : '';
    if (host === '') return problem('LEAKWATCH_ERR_BAD_REQUEST', 'Send exactly one Host header.');
    const name = host.replace(/:\d{1,5}$/, '');
    if (allowed.has(name) || name === arrivedAt(request)) return null;
    return problem(
      'LEAKWATCH_ERR_MISDIRECTED',
      'Use the name that the listener listens on, or add this name to allowedHosts.',
    );
  };
}

function arrivedAt(request: IncomingMessage): string | null {
  const address = request.socket.localAddress;
  return address === undefined ? null : bracketed(address.toLowerCase().replace(/^::ffff:(?=[\d.]+$)/, ''));
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}

/**
 * Why a request of this client (null: not authenticated) does not reach the routes; null if it does. Ignores
 * the path, so a refusal is the same for every address, existing or not.
 */
export function refuseClient(
  request: IncomingMessage,
  principal: Principal | null,
  { closed }: Authenticator,
): OpsResponse | null {
  if (principal === null && closed) return NOT_FOUND;
  // One that is missing could be the second token, or the Origin of another site.
  if (mayLackHeaders(request))
    return problem('LEAKWATCH_ERR_BAD_REQUEST', 'The request has too many headers.');
  // A proxy and this server could read different ones.
  for (const name of ['authorization', 'host'])
    if (headerValues(request, name).length > 1)
      return problem('LEAKWATCH_ERR_BAD_REQUEST', `The request has more than one header '${name}'.`);
  if (principal === null) return UNAUTHENTICATED;
  // Checked last: a client without a token learns nothing, not even this rule.
  if (!isFromAnotherSite(request)) return null;
  return problem(
    'LEAKWATCH_ERR_CROSS_SITE',
    'This endpoint answers programs, addresses typed into a browser, and its own pages, never requests from other pages.',
  );
}
