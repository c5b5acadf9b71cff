import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock } from '../runtime/clock.js';
import { problem } from './problem.js';
import type { OpsResponse } from './response.js';

/** No route takes a larger body. The largest one is an expression of 8,000 characters, each escaped in six bytes, with two reasons. */
const MAX_BYTES = 64 * 1024;
/** A client that sends its body more slowly is cut off. */
const TIMEOUT_MS = 10_000;
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** `value` is undefined if the request has no body. */
export type BodyOutcome = { readonly value: unknown } | { readonly refusal: OpsResponse };

/**
 * Reads a JSON body of at most 64 KiB. The host's app may have parsed it already: then its result is used, whatever its size,
 * since the host has accepted it.
 */
export async function readJsonBody(
  request: IncomingMessage & { readonly body?: unknown },
  response: ServerResponse,
): Promise<BodyOutcome> {
  const { headers } = request;
  const isEmpty = headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;
  if (isEmpty) return { value: undefined };
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    return refused('UNSUPPORTED_MEDIA_TYPE', 'Send the body without a Content-Encoding.');
  if (!JSON_TYPE.test(headers['content-type'] ?? ''))
    return refused('UNSUPPORTED_MEDIA_TYPE', 'Send the body as application/json in UTF-8.');
  if (Number(headers['content-length'] ?? 0) > MAX_BYTES) return TOO_LARGE;
  if (request.complete && request.readableEnded)
    return request.body === undefined ? UNREADABLE : { value: request.body };
  if (headers.expect?.toLowerCase() === '100-continue') response.writeContinue();
  const bytes = await receive(request);
  if (!(bytes instanceof Uint8Array)) return bytes;
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    return UNREADABLE;
  }
}

function refused(
  code: 'UNSUPPORTED_MEDIA_TYPE' | 'BODY_TOO_LARGE' | 'BODY_TIMEOUT' | 'BAD_REQUEST',
  detail: string,
) {
  return { refusal: problem(`LEAKWATCH_ERR_${code}`, detail) };
}

const TOO_LARGE = refused('BODY_TOO_LARGE', `The body has more than ${MAX_BYTES} bytes.`);
const UNREADABLE = refused('BAD_REQUEST', 'The body is not JSON in UTF-8.');
const CUT_OFF = refused('BAD_REQUEST', 'The body ended early.');
const TOO_SLOW = refused('BODY_TIMEOUT', `The body took more than ${TIMEOUT_MS / 1000} s.`);

function receive(request: IncomingMessage): Promise<Uint8Array | { readonly refusal: OpsResponse }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (outcome: Uint8Array | { readonly refusal: OpsResponse }): void => {
      deadline.cancel();
      request.off('data', take).off('end', end).off('close', cut);
      resolve(outcome);
    };
    const take = (chunk: Buffer): void => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > MAX_BYTES) settle(TOO_LARGE);
    };
    const end = (): void => settle(Buffer.concat(chunks));
    const cut = (): void => settle(CUT_OFF);
    const deadline = systemClock.after(TIMEOUT_MS, () => settle(TOO_SLOW));
    request.on('data', take).on('end', end).on('close', cut);
  });
}
