import type { IncomingMessage } from 'node:http';

/** The part of a request that proves who sends it. */
export function requestWith({
  token,
  rawHeaders = token === undefined ? [] : ['authorization', `Bearer ${token}`],
  url = '/leaks',
  socket = {},
}: {
  readonly token?: string;
  readonly rawHeaders?: readonly string[];
  readonly url?: string;
  readonly socket?: object;
} = {}): IncomingMessage {
  const request = { method: 'GET', url, rawHeaders, socket: { remoteAddress: '127.0.0.1', ...socket } };
  return request as unknown as IncomingMessage;
}
