import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { headerValues } from './header-values.js';
import type { Principal } from './principal.js';
import { DEFAULT_SCOPES, type Scope } from './scope.js';

/** A longer header cannot hold a valid token; it is refused before it is hashed. */
const MAX_HEADER_LENGTH = 1024;
/** The scheme in any case, then one token of visible ASCII characters. */
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

export interface TokenGrant {
  readonly token: string;
  readonly scopes: readonly Scope[];
}

/** Accepts these bearer tokens, but keeps only their SHA-256 digests. A plain string gets the default scopes. */
export class Authenticator {
  readonly #grants: readonly { readonly digest: Buffer; readonly principal: Principal }[];

  constructor(tokens: readonly (string | TokenGrant)[]) {
    this.#grants = tokens
      .map((given) => (typeof given === 'string' ? { token: given, scopes: DEFAULT_SCOPES } : given))
      .map(({ token, scopes }) => {
        const digest = hash('sha256', token, 'buffer');
        return { digest, principal: { id: tokenId(digest), scopes: new Set(scopes) } };
      });
  }

  /** True without any token: then no client can be authenticated, and the endpoint does not exist. */
  get closed(): boolean {
    return this.#grants.length === 0;
  }

  /**
   * Null for a request without exactly one valid token. Compares digests of equal length, all of them and in constant
   * time, so that timing reveals nothing about any token.
   */
  principalOf(request: Pick<IncomingMessage, 'rawHeaders'>): Principal | null {
    const [header = '', ...others] = headerValues(request, 'authorization');
    if (others.length > 0 || header.length > MAX_HEADER_LENGTH) return null;
    const token = BEARER.exec(header)?.[1];
    if (token === undefined) return null;
    const digest = hash('sha256', token, 'buffer');
    return this.#grants.filter((grant) => timingSafeEqual(digest, grant.digest)).at(-1)?.principal ?? null;
  }
}

/** A name for a token that reveals nothing of it: 32 bits of the digest of 256 random bits. */
function tokenId(digest: Buffer): string {
  return `token-${digest.toString('hex', 0, 4)}`;
}
