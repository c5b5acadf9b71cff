import type { IncomingMessage } from 'node:http';
import { bearerOf } from './bearer.js';
import type { CertificateClients } from './client-certificate.js';
import { headerValues } from './header-values.js';
import type { Principal, Proof } from './principal.js';
import type { TokenStore } from './token-store.js';

/** A longer token cannot be in the store; it is refused before it is hashed. */
const MAX_TOKEN_LENGTH = 1024;

/** A slow way to prove who a client is. Null for a request that does not prove it. Never rejects. */
export interface Prover {
  prove(request: IncomingMessage): Promise<Proof>;
}

/** Says whose request it is. With two Authorization headers, nobody's: a proxy may have read the other one. */
export class Authenticator {
  readonly #tokens: TokenStore;
  readonly #provers: readonly Prover[];
  readonly #certificates: CertificateClients | null;

  constructor(
    tokens: TokenStore,
    provers: readonly Prover[] = [],
    certificates: CertificateClients | null = null,
  ) {
    this.#tokens = tokens;
    this.#provers = provers;
    this.#certificates = certificates;
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

  /** By the first of the provers that knows. */
  async prove(request: IncomingMessage): Promise<Proof> {
    if (headerValues(request, 'authorization').length > 1) return null;
    for (const prover of this.#provers) {
      const proof = await prover.prove(request);
      if (proof !== null) return proof;
    }
    return null;
  }
}
