import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { headerValues } from './header-values.js';
import { DEFAULT_SCOPES, type Scope } from './scope.js';

/** A longer header cannot hold a valid token; it is refused before it is hashed. */
const MAX_HEADER_LENGTH = 1024;
/** The scheme in any case, then one token of visible ASCII characters. */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

export interface TokenGrant {
  readonly token: string;
  readonly scopes: readonly Scope[];
}

/** The client of a request, and what it may do. `id` is safe to log: 8 hexadecimal digits of the token's digest. */
export interface Principal {
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** `malformed`: more than one Authorization header, so a proxy and this server could read different ones. */
type Authentication =
  | { readonly outcome: 'granted'; readonly principal: Principal }
  | { readonly outcome: 'refused' }
  | { readonly outcome: 'malformed' };

export interface Authenticator {
  /** True without any token: then nobody can be authenticated, and the endpoint does not exist. */
  readonly closed: boolean;
  authenticate(request: Pick<IncomingMessage, 'rawHeaders'>): Authentication;
}

interface Credential {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Accepts these bearer tokens, but keeps only their SHA-256 digests. A plain string gets the default scopes. */
export function createAuthenticator(tokens: readonly (string | TokenGrant)[]): Authenticator {
  const credentials = tokens.map(credentialOf);
  return {
    closed: credentials.length === 0,
    authenticate(request) {
      const values = headerValues(request, 'authorization');
      if (values.length > 1) return { outcome: 'malformed' };
      const header = values[0] ?? '';
      if (header.length > MAX_HEADER_LENGTH) return { outcome: 'refused' };
      const token = BEARER.exec(header)?.[1];
      if (token === undefined) return { outcome: 'refused' };
      const principal = principalOf(token, credentials);
      return principal === null ? { outcome: 'refused' } : { outcome: 'granted', principal };
    },
  };
}

/** Compares digests of equal length, all of them and in constant time, so that timing reveals nothing about any token. */
function principalOf(token: string, credentials: readonly Credential[]): Principal | null {
  const digest = sha256(token);
  let found: Principal | null = null;
  for (const credential of credentials) {
    if (timingSafeEqual(digest, credential.digest)) found = credential.principal;
  }
  return found;
}

function credentialOf(given: string | TokenGrant): Credential {
  const { token, scopes } = typeof given === 'string' ? { token: given, scopes: DEFAULT_SCOPES } : given;
  const digest = sha256(token);
  return { digest, principal: { id: digest.toString('hex').slice(0, 8), scopes: new Set(scopes) } };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
