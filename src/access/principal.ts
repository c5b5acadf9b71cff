import { hash } from 'node:crypto';
import type { Scope } from './scope.js';

/** `anyone`: nothing was proved. Only metrics can be opened to anyone. */
type ProvedBy = 'token' | 'certificate' | 'jwt' | 'hook' | 'anyone';

/** Who sends a request, as far as it was proved. */
export interface Principal {
  /** Public: it stands in the audit log and names the bucket of limits. Never a token or a part of one. */
  readonly id: string;
  readonly provedBy: ProvedBy;
  readonly scopes: ReadonlySet<Scope>;
}

/** Why a proof cannot be checked at the moment, which is not the client's fault: the cause in the audit log. */
const OUTAGES = ['keys-unavailable', 'hook-failed', 'hook-late'] as const;
export type Outage = (typeof OUTAGES)[number];

/** Null: it is not proved. `busy`: too many proofs are being checked, so this one was not. */
export type Proof = Principal | null | 'busy' | Outage;

export function isOutage(proof: Proof): proof is Outage {
  return (OUTAGES as readonly unknown[]).includes(proof);
}

export const ANYONE: Principal = { id: 'anyone', provedBy: 'anyone', scopes: new Set<Scope>(['metrics']) };

/** An id of a token has no colon, so that no other principal can have the same. */
const PREFIXES = { certificate: 'cert', jwt: 'jwt', hook: 'hook' } as const;
const MAX_NAME_LENGTH = 100;

/**
 * A principal named by someone else: an issuer of JWTs, a certificate authority, the host's hook. Its id is visible ASCII
 * and short; a name that is not keeps a part of its digest, so that two names never become one.
 */
export function namedPrincipal(
  provedBy: keyof typeof PREFIXES,
  name: string,
  scopes: readonly Scope[],
): Principal {
  const plain = name.slice(0, MAX_NAME_LENGTH).replace(/[^\x20-\x7e]/g, '_');
  const id = plain === name ? name : `${plain}~${hash('sha256', name).slice(0, 16)}`;
  return { id: `${PREFIXES[provedBy]}:${id}`, provedBy, scopes: new Set(scopes) };
}
