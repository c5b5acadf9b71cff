import type { IncomingMessage } from 'node:http';
import { renderJson } from '../report/json.js';
import { renderFinding } from '../report/text.js';
import { preferredType } from './accept.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { NOT_FOUND, problem } from './problem.js';
import { createReportRenderer, MEDIA_TYPES, type MediaType, representation } from './representation.js';
import type { Answer } from './response.js';
import type { RouteName } from './routes.js';

/** Answers one authorised request; what it throws becomes a 500. */
export type OpsRequest = (
  request: IncomingMessage,
  parameters: Readonly<Record<string, string | string[]>>,
) => Answer | Promise<Answer>;

/** What each route does; null for a route that does not exist here. */
export function createOpsHandlers(
  dependencies: OpsDependencies,
): Readonly<Record<RouteName, OpsRequest | null>> {
  const render = createReportRenderer();
  const { metrics } = dependencies;
  return {
    leaks: (request) => negotiated(request, (type) => render(dependencies.report(), type)),
    leak: (request, { id }) => {
      const report = dependencies.report();
      const finding = report.findings.find((one) => one.id === id);
      if (finding === undefined) return NOT_FOUND;
      const context = { heap: report.heap, captures: report.watcher.captures };
      return negotiated(request, (type) =>
        type === 'text/plain' ? renderFinding(finding, context) : `${renderJson(finding)}\n`,
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

function negotiated(request: IncomingMessage, render: (type: MediaType) => string): Answer {
  const type = preferredType(request.headers.accept, MEDIA_TYPES);
  if (type === null) {
    return problem('LEAKWATCH_ERR_NOT_ACCEPTABLE', `Offered are: ${MEDIA_TYPES.join(', ')}.`);
  }
  return representation(type, render(type), request.headers['if-none-match']);
}

async function exposition(metrics: NonNullable<OpsDependencies['metrics']>): Promise<Answer> {
  const { contentType, body } = await metrics();
  return { status: 200, headers: { 'Content-Type': contentType }, body };
}
