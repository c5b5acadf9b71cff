import { reportedFindings } from '../report/report.js';
import type { RouteHandlers } from './call.js';
import { createActHandlers } from './handlers/acts.js';
import { createDocumentHandler } from './handlers/document.js';
import { createOperationHandlers } from './handlers/operations.js';
import { createProfileHandlers } from './handlers/profiles.js';
import { createReplHandlers } from './handlers/repl.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { NO_FINDING } from './problem.js';
import { createSteadyReport, negotiated, presentedFinding } from './representation.js';
import { json } from './response.js';

/** The handler of each route; null for a route that does not exist here. */
export function createOpsHandlers(dependencies: OpsDependencies): RouteHandlers {
  const steady = createSteadyReport();
  const { metrics } = dependencies;
  return {
    leaks: ({ request }) => negotiated(request, steady(dependencies.report())),
    leak: ({ request, parameters: { id } }) => {
      const report = dependencies.report();
      const finding = reportedFindings(report.findings).find((one) => one.id === id);
      return finding === undefined ? NO_FINDING : negotiated(request, presentedFinding(finding, report));
    },
    ...createActHandlers(dependencies.acts),
    ...createOperationHandlers(dependencies),
    ...createProfileHandlers(dependencies),
    ...createReplHandlers(dependencies),
    openapi: createDocumentHandler(),
    status: () => json(dependencies.status()),
    metrics:
      metrics === null
        ? null
        : async () => {
            const { contentType, body } = await metrics();
            return { status: 200, headers: { 'Content-Type': contentType }, body };
          },
  };
}
