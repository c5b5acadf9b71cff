import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Report } from '../report/report.js';
import type { Logger } from '../runtime/logger.js';
import type { Authenticator } from './authenticator.js';

/** Works as middleware of Express 4 and 5 and as a plain listener. Answers every request it gets and never calls `next`. */
export type OpsHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

export interface OpsDependencies {
  readonly authenticator: Authenticator;
  report(): Report;
  /** Anything that can be written as JSON. */
  status(): unknown;
  /** Null where the metrics are served elsewhere: the route does not exist then. */
  readonly metrics: (() => Promise<{ readonly contentType: string; readonly body: string }>) | null;
  /** `none` opens GET on the metrics without a token. */
  readonly metricsAuth: 'token' | 'none';
  readonly logger: Logger;
}
