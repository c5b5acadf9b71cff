import type { IncomingMessage } from 'node:http';
import { headerValues } from './header-values.js';

/** A longer header holds neither a token (512 characters at most) nor a JWT that anyone should send on every request. */
const MAX_HEADER_LENGTH = 8 * 1024;
/** The scheme in any case, then one token of visible ASCII characters. */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

/** The bearer token of a request; null without exactly one. */
export function bearerOf(request: Pick<IncomingMessage, 'rawHeaders'>): string | null {
  const [header = '', ...others] = headerValues(request, 'authorization');
  if (others.length > 0 || header.length > MAX_HEADER_LENGTH) return null;
  return BEARER.exec(header)?.[1] ?? null;
}
