import type { IncomingMessage } from 'node:http';
import { networkOf } from '../access/client-bucket.js';
import { headerValues } from '../access/header-values.js';
import type { Principal } from '../access/principal.js';
import { AuditLog, type AuditLogOptions, type AuditStatus } from './audit-log.js';
import { SampledFailures } from './sampled-failures.js';

/** Longer parameters of a path are no ids. */
const MAX_PARAMETER = 200;
const QUERY_TOKEN = /[?&](access_token|token|authorization|bearer)=/i;

/** A sensitive call, as it is recorded before anything is done. */
export interface AuditedCall {
  readonly requestId: string;
  readonly principal: Principal;
  /** Name of the route. */
  readonly route: string;
  readonly method: string;
  /** Of the path. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Query and body after their check; null without. */
  readonly input: unknown;
  /** Address of the client; null for a Unix socket. */
  readonly client: string | null;
}

/** How an operation ended. */
export interface EndedOperation {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly error: { readonly code: string } | null;
}

/** What the ops endpoint records. */
export class OpsAudit {
  readonly #log: AuditLog;
  readonly #denials: SampledFailures;

  constructor(options: AuditLogOptions) {
    this.#log = new AuditLog(options);
    this.#denials = new SampledFailures(options.clock, (denials) =>
      this.#note({ event: 'denied', ...denials }),
    );
  }

  status(): AuditStatus {
    return this.#log.status();
  }

  /** Null once the call is on the disk; otherwise why not: then nothing may be done. */
  async audited({ principal, parameters, input, ...call }: AuditedCall): Promise<string | null> {
    const short = Object.entries(parameters).map(([name, value]) => [name, value.slice(0, MAX_PARAMETER)]);
    const members = { ...call, principal: principal.id, parameters: Object.fromEntries(short), input };
    return await this.#log.record({ event: 'call', ...members }, true);
  }

  /** How an audited call was answered. */
  answered(requestId: string, status: number): void {
    this.#note({ event: 'answer', requestId, status });
  }

  operationEnded({ id, kind, state, error }: EndedOperation): void {
    this.#note({ event: 'operation', id, kind, state, error: error?.code ?? null });
  }

  /** A request without proof (`principal` null), or without a scope that acts. Only a sample gets a line. */
  denied(request: IncomingMessage, principal: Principal | null): void {
    const { remoteAddress } = request.socket;
    const denial = {
      client: remoteAddress ?? null,
      principal: principal?.id ?? null,
      cause: principal === null ? causeOf(request) : 'scope',
      method: request.method ?? '',
    };
    this.#denials.add(denial, networkOf(remoteAddress));
  }

  async close(): Promise<void> {
    this.#denials.close();
    await this.#log.close();
  }

  /** A line that nothing waits for. The log itself says when it cannot be written. */
  #note(entry: { readonly event: string; readonly [member: string]: unknown }): void {
    void this.#log.record(entry, false);
  }
}

/** Never the token or the path: the client chose both. */
function causeOf(request: IncomingMessage): string {
  const given = headerValues(request, 'authorization').length;
  if (given > 1) return 'several-tokens';
  if (given === 1) return 'token';
  return QUERY_TOKEN.test(request.url ?? '') ? 'token-in-query' : 'no-token';
}
