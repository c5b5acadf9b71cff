import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../runtime/clock.js';
import { bearerOf } from './bearer.js';
import type { CertificateClients } from './client-certificate.js';
import { headerValues } from './header-values.js';
import { isOutage, type Outage, type Principal, type Proof } from './principal.js';
import { ProvenCredentials } from './proven-credentials.js';
import type { TokenStore } from './token-store.js';

/** A longer token cannot be in the store; it is refused before it is hashed. */
const MAX_TOKEN_LENGTH = 1024;

/** A slow way to prove who a client is. Never rejects. */
export interface Prover {
  /** `isPenalised`: others at its address failed too often, so its request may not take the places of the rest or cost much. */
  prove(request: IncomingMessage, isPenalised: boolean): Promise<Proof>;
}

/** Says whose request it is. With two Authorization headers, nobody's: a proxy may have read the other one. */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #provers: readonly Prover[];
  readonly #certificates: CertificateClients | null;
  readonly #proven: ProvenCredentials;

  constructor(
    tokens: TokenStore,
    provers: readonly Prover[] = [],
    certificates: CertificateClients | null = null,
    clock: Clock = systemClock,
  ) {
    this.#tokens = tokens;
    this.#provers = provers;
    this.#certificates = certificates;
    this.#proven = new ProvenCredentials(clock);
  }

  /** True if no credential of any kind is configured: then no client can be authenticated, and the endpoint does not exist. */
  get closed(): boolean {
    return this.#tokens.size === 0 && this.#certificates === null && !this.hasProvers;
  }

  get hasProvers(): boolean {
    return this.#provers.length > 0;
  }

  /** By its token or its certificate: at once and cheaply, so that a flood of bad tokens stays cheap too. */
  principalOf(request: IncomingMessage): Principal | null {
    const token = bearerOf(request);
    const known = token === null || token.length > MAX_TOKEN_LENGTH ? null : this.#tokens.principalOf(token);
    return known ?? this.#certificates?.principalOf(request) ?? null;
  }

  /** By the first of the provers that knows. Whoever proved the same header lately is asked again, but not penalised. */
  async prove(request: IncomingMessage, isPenalised: boolean): Promise<Proof> {
    const [credential = '', ...others] = headerValues(request, 'authorization');
    if (others.length > 0) return null;
    const isProven = credential !== '' && this.#proven.has(credential);
    let outage: Outage | null = null;
    for (const prover of this.#provers) {
      const proof = await prover.prove(request, isPenalised && !isProven);
      if (proof === 'busy') return proof;
      if (isOutage(proof)) outage ??= proof;
      else if (proof !== null) {
        if (credential !== '') this.#proven.add(credential);
        return proof;
      }
    }
    if (isProven && outage === null) this.#proven.delete(credential);
    return outage;
  }
}
