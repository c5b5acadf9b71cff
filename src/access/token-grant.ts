import { hash } from 'node:crypto';
import { DEFAULT_SCOPES, type Scope } from './scope.js';

/** What one bearer token grants. Holds the token's SHA-256 digest only, since a heap snapshot contains everything in the heap. */
export interface TokenGrant {
  readonly digest: Buffer;
  /** Public: the name given to the token, without a colon, or the beginning of its digest. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the Unix epoch; null: never. */
  readonly expiresAtMs: number | null;
}

export function grantOf(
  token: string,
  { id, scopes = DEFAULT_SCOPES, expiresAtMs = null }: Partial<Omit<TokenGrant, 'digest'>> = {},
): TokenGrant {
  const digest = hash('sha256', token, 'buffer');
  // 32 bits of the digest of 256 random bits reveal nothing of the token.
  return { digest, id: id ?? `token-${digest.toString('hex', 0, 4)}`, scopes, expiresAtMs };
}
