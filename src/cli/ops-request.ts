import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { MIB } from '../runtime/units.js';
import type { OpsAddress } from './ops-address.js';

/** A busy program responds late. */
const TIMEOUT_MS = 30_000;
const MAX_BYTES = 32 * MIB;

export interface Credentials {
  /** Null: only the certificate says who asks. */
  readonly token: string | null;
  /** PEM; undefined: the authorities that Node trusts, and no certificate of our own. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

export interface OpsRequest {
  /** Default: GET. */
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base, with its query. */
  readonly path: string;
  readonly accept?: string;
  readonly ifNoneMatch?: string | null;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

export interface OpsReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One exchange with an ops endpoint. Rejects with the error of the system, or one with the code `ETIMEDOUT` or `EMSGSIZE`. */
export function sendRequest(
  { secure, target, base }: Omit<OpsAddress, 'shown'>,
  { token, ...tls }: Credentials,
  { method = 'GET', path, accept = 'application/json', ifNoneMatch, body, ...limits }: OpsRequest,
): Promise<OpsReply> {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = limits;
  const sent = body === undefined ? null : Buffer.from(JSON.stringify(body));
  const options: RequestOptions = {
    ...target,
    method,
    path: base + path,
    headers: {
      accept,
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(ifNoneMatch == null ? {} : { 'if-none-match': ifNoneMatch }),
      ...(sent === null ? {} : { 'content-type': 'application/json', 'content-length': sent.length }),
    },
    agent: false,
    timeout: timeoutMs,
  };
  return new Promise((resolve, reject) => {
    const asked = secure ? httpsRequest({ ...options, ...tls }) : httpRequest(options);
    asked.on('timeout', () => asked.destroy(coded('ETIMEDOUT')));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > maxBytes) asked.destroy(coded('EMSGSIZE'));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      );
      response.on('close', () => reject(coded('ECONNRESET')));
    });
    asked.end(sent);
  });
}

function coded(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
