import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** The connection of a request, if it is encrypted. Does not load `node:tls` (1.4 MB), which most services need not. */
export function tlsSocketOf({ socket }: Pick<IncomingMessage, 'socket'>): TLSSocket | null {
  return (socket as Partial<TLSSocket>).encrypted === true ? (socket as TLSSocket) : null;
}
