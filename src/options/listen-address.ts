import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { LeakwatchError } from '../errors.js';
import { invalid } from './checks.js';

/** Address of the own listener. An IPv6 `host` has no brackets; `port` 0 means any free port. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** A path longer than this does not fit `sockaddr_un` everywhere (104 bytes on macOS, 108 on Linux). */
const MAX_SOCKET_PATH_BYTES = 103;
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;
/** BlockList checks IPv4-mapped IPv6 addresses against its IPv4 rules too. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
const FORMS = "'127.0.0.1:9464', '[::1]:9464' or 'unix:/path/to.sock'";

/** Parses `host:port`, `[::1]:port` or `unix:/path`. Throws a `LeakwatchError` whose message says how to fix it. */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix:')) return parseSocketPath(text.slice('unix:'.length), text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw refusal(text, 'is a URL: remove the scheme and the path');
  if (/^\d+$/.test(text))
    throw refusal(text, `names no host: '127.0.0.1:${text}' listens on this machine only`);
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) {
    throw refusal(
      text,
      isIPv6(text) ? `needs brackets and a port, such as '[${text}]:9464'` : `is not of the form ${FORMS}`,
    );
  }
  const [, bracketed, plain = '', digits = ''] = match;
  if (bracketed === undefined) refuseHost(plain, text, digits);
  else if (!isIPv6(bracketed)) throw refusal(text, 'has something other than an IPv6 address in brackets');
  return { kind: 'tcp', host: (bracketed ?? plain).toLowerCase(), port: parsePort(digits, text) };
}

/** True for addresses that only this machine can reach. Any name but `localhost` may resolve to another machine: false. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (isIPv4(bare)) return LOOPBACK.check(bare, 'ipv4');
  if (isIPv6(bare)) return LOOPBACK.check(bare.replace(/%.*$/, ''), 'ipv6');
  return bare === 'localhost';
}

function refuseHost(host: string, text: string, port: string): void {
  if (host === '') throw refusal(text, `names no host: '127.0.0.1:${port}' listens on this machine only`);
  if (host === '*') throw refusal(text, `has '*' as its host: '0.0.0.0:${port}' listens on every address`);
  if (!HOST_NAME.test(host)) throw refusal(text, `is not of the form ${FORMS}`);
}

function parsePort(digits: string, text: string): number {
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(port <= 65_535)) throw refusal(text, 'needs a port from 0 (any free port) to 65535');
  return port;
}

function parseSocketPath(path: string, text: string): ListenAddress {
  if (!path.startsWith('/')) throw refusal(text, "needs an absolute path after 'unix:'");
  if (path.endsWith('/')) throw refusal(text, 'names a directory, not a socket file');
  if (path.includes('\0')) throw refusal(text, 'contains a NUL character');
  const bytes = Buffer.byteLength(path);
  if (bytes > MAX_SOCKET_PATH_BYTES) {
    throw refusal(text, `has a path of ${bytes} bytes; the system allows ${MAX_SOCKET_PATH_BYTES} at most`);
  }
  return { kind: 'unix', path };
}

function refusal(text: string, what: string): LeakwatchError {
  const shown = JSON.stringify(text.slice(0, 120)).replaceAll("'", '').replaceAll('"', "'");
  return invalid(`listen ${shown} ${what}`);
}
