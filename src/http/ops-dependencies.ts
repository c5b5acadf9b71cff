import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticator } from '../access/authenticator.js';
import type { Limits } from '../access/limits.js';
import type { Outage, Principal } from '../access/principal.js';
import type { AuditedCall } from '../audit/ops-audit.js';
import type { Operations } from '../operations/operations.js';
import type { Expressions } from '../repl/expressions.js';
import type { Probes } from '../repl/probes.js';
import type { ReportInput } from '../report/report.js';
import type { Logger } from '../runtime/logger.js';
import type { OpsActs } from './acts.js';
import type { Connections } from './connections.js';
import type { OpsProfiles } from './profiles.js';
import type { OpsResponse } from './response.js';
import type { OpsStatus } from './schema/status.js';

/** Works as middleware of Express 4 and 5 and as a plain listener. Responds to every request and never calls `next`. */
export type OpsHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

/** What the own listener knows about its requests; the host's app has its own names and connections. */
export interface OwnListener {
  /** Why the Host header does not name this listener; null if it does. */
  misdirected(request: IncomingMessage): OpsResponse | null;
  readonly connections: Pick<Connections, 'judged' | 'hold'>;
}

export interface OpsDependencies {
  readonly authenticator: Authenticator;
  readonly limits: Limits;
  /** Null in the host's app. */
  readonly own: OwnListener | null;
  report(): ReportInput;
  status(): OpsStatus;
  readonly acts: OpsActs;
  readonly operations: Operations;
  readonly profiles: OpsProfiles;
  /** Null if the metrics are served elsewhere: then the route does not exist. */
  readonly metrics: (() => Promise<{ readonly contentType: string; readonly body: string }>) | null;
  /** `none` opens GET on the metrics without a token. */
  readonly metricsAuth: 'token' | 'none';
  /** Records a call that acts, dumps, profiles or evaluates. Null once it is recorded; otherwise why not: then nothing is done. */
  audited(call: AuditedCall): Promise<string | null>;
  /** Records how an audited call was answered. */
  answered(requestId: string, status: number): void;
  /**
   * Records, sampled, that a request was refused: without a scope that acts, or without proof (`principal` null). With an outage,
   * its proof could not be checked.
   */
  denied(request: IncomingMessage, principal: Principal | null, outage?: Outage): void;
  readonly probes: Pick<Probes, 'live' | 'handles' | 'modules' | 'leak'>;
  /** Null if expressions are off: then the route does not exist. */
  readonly expressions: Pick<Expressions, 'evaluate'> | null;
  readonly logger: Logger;
}
