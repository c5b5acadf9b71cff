import type { IncomingMessage } from 'node:http';
import { renderJson } from '../report/json.js';
import { renderFinding } from '../report/text.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { NOT_FOUND, problem } from './problem.js';
import {
  createReportRenderer,
  MEDIA_TYPES,
  type MediaType,
  preferredType,
  representation,
} from './representation.js';
import type { OpsResponse } from './response.js';
import type { RouteName } from './routes.js';

/** Responds to one authorised request; an exception becomes a 500. */
export type RouteHandler = (
  request: IncomingMessage,
  parameters: Readonly<Record<string, string | string[]>>,
) => OpsResponse | Promise<OpsResponse>;

/** The handler of each route; null for a route that does not exist here. */
export function createOpsHandlers(
  dependencies: OpsDependencies,
): Readonly<Record<RouteName, RouteHandler | null>> {
  const render = createReportRenderer();
  const { metrics } = dependencies;
  return {
    leaks: (request) => negotiated(request, (type) => render(dependencies.report(), type)),
    leak: (request, { id }) => {
      const report = dependencies.report();
      const finding = report.findings.find((one) => one.id === id);
      if (finding === undefined) return NOT_FOUND;
      return negotiated(request, (type) =>
        type === 'text/plain' ? renderFinding(finding, report) : `${renderJson(finding)}\n`,
      );
    },
    status: () => ({
      status: 200,
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: `${renderJson(dependencies.status())}\n`,
    }),
    metrics: metrics === null ? null : () => exposition(metrics),
  };
}

function negotiated(request: IncomingMessage, render: (type: MediaType) => string): OpsResponse {
  const type = preferredType(request.headers.accept);
  if (type === null) {
    return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Available: ${MEDIA_TYPES.join(', ')}.`);
  }
  return representation(type, render(type), request.headers['if-none-match']);
}

async function exposition(metrics: NonNullable<OpsDependencies['metrics']>): Promise<OpsResponse> {
  const { contentType, body } = await metrics();
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}
