import type { IncomingMessage } from 'node:http';

/** Visible ASCII without `"`, `#` and `\`. */
const PLAIN = /^[!$-[\]-~]*$/;

/**
 * Whether everyone reads the address of this request in the same way. Express repairs any other one as a browser would: it
 * drops what follows `#`, turns `\` into `/`, and strips the non-ASCII spaces, so a guarded path could be reached by a name
 * that no guard knows.
 */
export function hasPlainTarget(request: IncomingMessage & { readonly originalUrl?: unknown }): boolean {
  const { url = '', originalUrl } = request;
  return PLAIN.test(url) && (typeof originalUrl !== 'string' || PLAIN.test(originalUrl));
}
