import { UsageError } from './command.js';

/** Where an ops endpoint answers. */
export interface OpsAddress {
  readonly secure: boolean;
  /** How Node's `request` reaches it. */
  readonly target: { readonly socketPath: string } | { readonly host: string; readonly port: number };
  /** Path of the endpoint, such as `/ops`. */
  readonly base: string;
  /** As given; for messages. */
  readonly shown: string;
}

const FORMS = 'http://host:port, https://host:port or unix:/path';
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** `http(s)://host[:port][/base]`, the base being `/ops` if none is given, or `unix:/path`. Throws a `UsageError`. */
export function parseOpsAddress(text: string): OpsAddress {
  if (text.startsWith('unix:')) {
    const socketPath = text.slice('unix:'.length);
    if (!socketPath.startsWith('/') || socketPath.includes('\0'))
      throw new UsageError("'unix:' takes the absolute path of a socket, such as unix:/run/app/ops.sock");
    return { secure: false, target: { socketPath }, base: '/ops', shown: text };
  }
  const url = URL.canParse(text) ? new URL(text) : null;
  const port = PORTS[url?.protocol ?? ''];
  if (url === null || port === undefined) throw new UsageError(`name the service as ${FORMS}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError('the address must not hold a user or a password: the list of processes shows it');
  if (url.search !== '' || url.hash !== '')
    throw new UsageError(`the address takes no query and no fragment: name the service as ${FORMS}`);
  return {
    secure: url.protocol === 'https:',
    target: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? port : Number(url.port),
    },
    base: url.pathname.replace(/\/+$/, '') || '/ops',
    shown: text,
  };
}

/** Whether a token on the way could be read by other hosts. */
export function isExposed({ secure, target }: OpsAddress, isLoopback: (host: string) => boolean): boolean {
  return !secure && 'host' in target && !isLoopback(target.host);
}
