import type { IncomingMessage } from 'node:http';
import { headerValues } from './header-values.js';
import { tlsSocketOf } from './tls-socket.js';

/**
 * Whether a request comes from a web page that this server did not serve, or may come from one. A page of ours sends
 * exactly `scheme://host` of the address that it was sent to as its Origin; anything else is refused: another
 * port or scheme, a subdomain, another case, `null`, a second Origin. Headers of proxies are never looked at, so behind a
 * proxy that terminates TLS, where the page is https and this connection is not, every page is refused. A Unix socket has
 * no check of the Host header, so nothing there can be the same origin.
 */
export function isFromAnotherSite(request: Pick<IncomingMessage, 'rawHeaders' | 'socket'>): boolean {
  const sites = headerValues(request, 'sec-fetch-site');
  if (sites.length > 1 || sites.some((site) => site !== 'same-origin' && site !== 'none')) return true;
  const origins = headerValues(request, 'origin');
  if (origins.length === 0) return false;
  const hosts = headerValues(request, 'host');
  if (origins.length > 1 || hosts.length !== 1 || sites[0] === 'none') return true;
  if (request.socket.remoteAddress === undefined) return true;
  const scheme = tlsSocketOf(request) === null ? 'http' : 'https';
  return origins[0] !== `${scheme}://${hosts[0]}`;
}
