import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Report } from '../report/report.js';
import type { Logger } from '../runtime/logger.js';
import type { Authenticator } from './authenticator.js';

/** Works as middleware of Express 4 and 5 and as a plain listener. Responds to every request and never calls `next`. */
export type OpsHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

export interface OpsDependencies {
  readonly authenticator: Authenticator;
  report(): Report;
  /** Any value that JSON can represent. */
  status(): unknown;
  /** Null if the metrics are served elsewhere: then the route does not exist. */
  readonly metrics: (() => Promise<{ readonly contentType: string; readonly body: string }>) | null;
  /** `none` opens GET on the metrics without a token. */
  readonly metricsAuth: 'token' | 'none';
  readonly logger: Logger;
}
