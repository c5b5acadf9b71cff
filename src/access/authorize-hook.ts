import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import type { Prover } from './authenticator.js';
import { certificateOf } from './client-certificate.js';
import { headerValues } from './header-values.js';
import { namedPrincipal, type Outage, type Principal, type Proof } from './principal.js';
import { hasPlainTarget } from './request-target.js';
import { isScope, type Scope } from './scope.js';
import { seldom } from './seldom.js';
import { Slots } from './slots.js';

/** The part of a request that `authorize` sees. Read-only; it has no body, no query and no way to respond. */
export interface AuthorizationRequest {
  readonly method: string;
  /** Below the base, such as `/leaks`, without the query. */
  readonly path: string;
  /** Address of the client's end of the connection, which may be a proxy; null for a Unix socket. */
  readonly client: string | null;
  /** Subject of the client's TLS certificate, such as `O=Example,CN=prometheus`, if it was verified; else null. */
  readonly certificateSubject: string | null;
  /** The value of a header, whatever its case; null if it is missing or was sent more than once. */
  header(name: string): string | null;
}

export interface AuthorizedClient {
  /** A public name for the audit log and the limits; `hook:` stands before it. 1 to 100 characters. */
  readonly id: string;
  readonly scopes: readonly Scope[];
}

/** Says who sends a request; null refuses it. */
export type AuthorizeHook = (
  request: AuthorizationRequest,
) => AuthorizedClient | null | Promise<AuthorizedClient | null>;

/** Calls at the same time. Any further request gets 429, so that a flood does not pile up in the host's code. */
const MAX_PENDING = 56;
/** More of them for penalised addresses: a flood from there takes no place of others. */
const MAX_PENDING_PENALISED = 8;
const TIMEOUT_MS = 2_000;
const MAX_ID_LENGTH = 100;

/**
 * The host's own check. Whatever goes wrong in it, the client is refused. That it throws or is late is not the client's failure; an
 * answer that is neither null nor a client is taken for a refusal, since a hook may end without a result where it knows nobody.
 */
export class HookProver implements Prover {
  readonly #authorize: AuthorizeHook;
  readonly #slots: Slots;
  readonly #penalisedSlots: Slots;
  readonly #warn: (line: string) => void;

  constructor(authorize: AuthorizeHook, logger: Logger, clock: Clock = systemClock) {
    this.#authorize = authorize;
    this.#slots = new Slots(MAX_PENDING, TIMEOUT_MS, clock);
    this.#penalisedSlots = new Slots(MAX_PENDING_PENALISED, TIMEOUT_MS, clock);
    this.#warn = seldom((line) => logger.warn(line), clock);
  }

  async prove(request: IncomingMessage, isPenalised: boolean): Promise<Proof> {
    // No route has such an address, and the hook may decide by the path.
    if (!hasPlainTarget(request)) return null;
    try {
      const slots = isPenalised ? this.#penalisedSlots : this.#slots;
      const answer: unknown = await slots.run(() => this.#authorize(viewOf(request)));
      if (answer === null) return null;
      if (answer === 'full') return 'busy';
      if (answer === 'late') return this.#refuse(say`it took more than ${TIMEOUT_MS / 1000} s`, 'hook-late');
      return (
        principalOf(answer) ?? this.#refuse(say`it returned neither null nor an id and known scopes`, null)
      );
    } catch {
      // The message may hold what the client sent, such as its password.
      return this.#refuse(say`it threw an error`, 'hook-failed');
    }
  }

  #refuse(reason: string, outage: Outage | null): Outage | null {
    this.#warn(say`a client was refused, because authorize() failed: ${reason}`);
    return outage;
  }
}

function viewOf(request: IncomingMessage): AuthorizationRequest {
  return Object.freeze({
    method: request.method ?? '',
    path: (request.url ?? '').split('?', 1)[0]!,
    client: request.socket.remoteAddress ?? null,
    certificateSubject: certificateOf(request)?.subject ?? null,
    header(name: string): string | null {
      const values = headerValues(request, name.toLowerCase());
      return values.length === 1 ? values[0]! : null;
    },
  });
}

function principalOf(answer: unknown): Principal | null {
  if (typeof answer !== 'object' || answer === null) return null;
  const { id, scopes } = answer as Partial<AuthorizedClient>;
  if (typeof id !== 'string' || id === '' || id.length > MAX_ID_LENGTH) return null;
  if (!Array.isArray(scopes) || !scopes.every(isScope)) return null;
  return namedPrincipal('hook', id, scopes);
}
