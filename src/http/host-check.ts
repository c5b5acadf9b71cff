import type { IncomingMessage } from 'node:http';
import type { ListenAddress } from '../options/listen-address.js';
import { headerValues } from './header-values.js';
import { problem } from './problem.js';
import type { OpsResponse } from './response.js';

/** Returns the refusal, or null for a request that addresses this listener. */
export type HostCheck = (request: IncomingMessage) => OpsResponse | null;

/**
 * Refuses requests whose Host header does not name this listener: a web page can make its own host name resolve to
 * 127.0.0.1 (DNS rebinding), but it cannot send another Host. Accepted are the listen address, the loopback names, the
 * address the connection arrived at, and `allowedHosts`; any port, since tunnels and port mappings change it.
 */
export function createHostCheck(listen: ListenAddress, allowedHosts: readonly string[]): HostCheck {
  if (listen.kind === 'unix') return () => null;
  const allowed = new Set(['localhost', '127.0.0.1', '[::1]', bracketed(listen.host)]);
  for (const host of allowedHosts) allowed.add(bracketed(host.toLowerCase()));
  return (request) => {
    const values = headerValues(request, 'host');
    const host = values.length === 1 ? values[0]!.trim().toLowerCase() : '';
    if (host === '') {
      return problem('LEAKWATCH_ERR_BAD_REQUEST', 'Send exactly one Host header.');
    }
    const name = host.replace(/:\d{1,5}$/, '');
    if (allowed.has(name) || name === arrivedAt(request)) return null;
    return problem(
      'LEAKWATCH_ERR_MISDIRECTED',
      'Use the name the listener listens on, or add this name to allowedHosts.',
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
