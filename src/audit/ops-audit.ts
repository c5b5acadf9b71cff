import type { IncomingMessage } from 'node:http';
import { networkOf } from '../access/client-bucket.js';
import { headerValues } from '../access/header-values.js';
import type { Outage, Principal } from '../access/principal.js';
import type { Clock } from '../runtime/clock.js';
import { AuditLog, type AuditLogOptions, type AuditStatus } from './audit-log.js';
import { RepeatedReads } from './repeated-reads.js';
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
  /** Of the call that began it. */
  readonly requestId: string;
  readonly error: { readonly code: string } | null;
}

/** What the ops endpoint records. */
export class OpsAudit {
  readonly #log: AuditLog;
  readonly #denials: SampledFailures;
  readonly #clock: Clock;
  readonly #reads = new RepeatedReads<Readonly<Record<string, unknown>>>();
  /** Ids of calls that have a line and no answer yet. */
  readonly #unanswered = new Set<string>();

  constructor(options: AuditLogOptions) {
    this.#log = new AuditLog(options);
    this.#clock = options.clock;
    this.#denials = new SampledFailures(options.clock, (denials) =>
      this.#note({ event: 'denied', ...denials }),
    );
  }

  status(): AuditStatus {
    return this.#log.status();
  }

  /**
   * Null once the call is on the disk; otherwise why not: then nothing may be done. A read that a client repeats is written
   * once an hour, as long as its earlier lines are still there.
   */
  async audited({ principal, parameters, input, requestId, ...call }: AuditedCall): Promise<string | null> {
    const short = Object.entries(parameters).map(([name, value]) => [name, value.slice(0, MAX_PARAMETER)]);
    const members = {
      ...call,
      principal: principal.id,
      provedBy: principal.provedBy,
      parameters: Object.fromEntries(short),
      input,
    };
    const key = ['GET', 'HEAD'].includes(call.method) ? JSON.stringify(members) : null;
    const nowMs = this.#clock.monotonicMs();
    const repeats = key === null ? 0 : this.#reads.due(key, nowMs, !(await this.#log.isWhole()));
    if (repeats === null) return null;
    const entry = { event: 'call', requestId, ...members, ...(repeats === 0 ? {} : { repeats }) };
    const failure = await this.#log.record(entry, true);
    if (failure !== null) return failure;
    if (key !== null) this.#reads.written(key, members, nowMs);
    this.#unanswered.add(requestId);
    return null;
  }

  /** How an audited call was answered; a call without a line has none for its answer. */
  answered(requestId: string, status: number): void {
    if (this.#unanswered.delete(requestId)) this.#note({ event: 'answer', requestId, status });
  }

  operationEnded({ id, kind, state, requestId, error }: EndedOperation): void {
    this.#note({ event: 'operation', id, kind, state, requestId, error: error?.code ?? null });
  }

  /**
   * A request without a scope that acts, or without proof (`principal` null), which an outage may have left unchecked. Only a sample
   * gets a line; the first outage that a client meets is not hidden by its failures.
   */
  denied(request: IncomingMessage, principal: Principal | null, outage?: Outage): void {
    const { remoteAddress } = request.socket;
    const denial = {
      client: remoteAddress ?? null,
      principal: principal?.id ?? null,
      cause: outage ?? (principal === null ? causeOf(request) : 'scope'),
      method: request.method ?? '',
    };
    this.#denials.add(denial, [networkOf(remoteAddress), outage].join(' '));
  }

  async close(): Promise<void> {
    this.#denials.close();
    for (const { read, count } of this.#reads.rest())
      this.#note({ event: 'repeated', ...read, repeats: count });
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
