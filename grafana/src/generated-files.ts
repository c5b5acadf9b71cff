import { openApiDocument } from '../../src/http/schema/openapi.js';
import { renderRules } from './alerts.js';
import { instanceDashboard } from './instance-dashboard.js';
import { metricsDocument } from './metrics-document.js';

/** Every file that `npm run generate` writes: path from the package's root → content. `runbooks`: see `renderRules`. */
export function generatedFiles(runbooks?: string): ReadonlyMap<string, string> {
  return new Map([
    ['docs/metrics.md', metricsDocument()],
    ['docs/openapi.json', `${JSON.stringify(openApiDocument('see package.json'), null, 2)}\n`],
    ['grafana/alerts/leakwatch.rules.yaml', renderRules({ runbooks })],
    ['grafana/dashboards/leakwatch-instance.json', `${JSON.stringify(instanceDashboard(), null, 2)}\n`],
  ]);
}
