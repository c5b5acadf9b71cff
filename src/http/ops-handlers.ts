import { renderFinding, renderReport } from '../report/text.js';
import type { RouteHandlers } from './call.js';
import { createActHandlers } from './handlers/acts.js';
import { createDocumentHandler } from './handlers/document.js';
import { createOperationHandlers } from './handlers/operations.js';
import { createProfileHandlers } from './handlers/profiles.js';
import { createReplHandlers } from './handlers/repl.js';
import type { OpsDependencies } from './ops-dependencies.js';
import { NOT_FOUND } from './problem.js';
import { createSteadyReport, negotiated } from './representation.js';
import { json } from './response.js';

/** The handler of each route; null for a route that does not exist here. */
export function createOpsHandlers(dependencies: OpsDependencies): RouteHandlers {
  const steady = createSteadyReport();
  const { metrics } = dependencies;
  return {
    leaks: ({ request }) => negotiated(request, steady(dependencies.report()), renderReport),
    leak: ({ request, parameters: { id } }) => {
      const report = dependencies.report();
      const finding = report.findings.find((one) => one.id === id);
      if (finding === undefined) return NOT_FOUND;
      const json = JSON.stringify(finding);
      return negotiated(request, { value: finding, json, version: json }, () =>
        renderFinding(finding, report),
      );
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
