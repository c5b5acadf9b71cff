import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { renderJson } from '../report/json.js';

/** A response as a value: nothing is sent before all of it is known. */
export interface OpsResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null for a response that has no body by definition (204, 304). */
  readonly body: string | Uint8Array | null;
  /** Of a client that asks too much: the own listener sends it late. */
  readonly late?: true;
}

/** 200 with `value` as JSON. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = {}): OpsResponse {
  return {
    status: 200,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: `${renderJson(value)}\n`,
  };
}

/** On every response: nothing here may be cached, framed, sniffed or read by another site. */
const GUARD_HEADERS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
};

const REQUEST_ID = 'X-Request-Id';

/** The random id of the request that this answers: the same in the header, in the audit log and in an operation. */
export function requestIdOf(response: ServerResponse): string {
  if (!issued.has(response)) {
    response.setHeader(REQUEST_ID, randomUUID());
    issued.add(response);
  }
  return String(response.getHeader(REQUEST_ID));
}
/** The host's app may have set an id of its own, or passed on the client's. */
const issued = new WeakSet<ServerResponse>();

/**
 * Sends a response, unless the host has responded already. Uses only what Node's own response has, since the host's
 * Express 4 or 5 may have replaced its prototype.
 */
export function sendResponse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: OpsResponse,
): void {
  if (response.headersSent || response.writableEnded) return;
  for (const name of response.getHeaderNames()) {
    // The host's CORS middleware may have opened the whole app; this endpoint stays closed.
    if (name.startsWith('access-control-')) response.removeHeader(name);
  }
  for (const [name, value] of Object.entries(GUARD_HEADERS)) response.setHeader(name, value);
  requestIdOf(response);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // The rest of the request's body, which nothing reads, would keep the connection busy.
  if (!request.complete) response.shouldKeepAlive = false;
  response.statusCode = status;
  if (body !== null) response.setHeader('Content-Length', Buffer.byteLength(body));
  response.end(request.method === 'HEAD' ? null : body);
}
