import { instanceDashboard } from '../../grafana/src/instance-dashboard.js';
import { INSTANCE_ROWS } from '../../grafana/src/instance-panels.js';

export interface DashboardQuery {
  /** Title of the panel, or name of the annotation. */
  readonly panel: string;
  /** With every variable filled in. */
  readonly expr: string;
  /** Why the query may give nothing in a service that is well; null: it always gives something after a minute or so. */
  readonly mayBeEmpty: string | null;
}

/** Every query of the instance dashboard, as Grafana would send it for this job and instance. */
export function dashboardQueries(
  job: string,
  instance: string,
  rateInterval = '1m',
): readonly DashboardQuery[] {
  const fill = (expr: string) =>
    expr
      .replaceAll('$job', job)
      .replaceAll('$instance', instance)
      .replaceAll('$__rate_interval', rateInterval);
  const panels = INSTANCE_ROWS.flatMap(({ panels }) => panels).flatMap((panel) =>
    panel.queries.map((query) => ({
      panel: panel.title,
      expr: fill(query.expr),
      mayBeEmpty: query.mayBeEmpty ?? null,
    })),
  );
  const annotations = (instanceDashboard().annotations?.list ?? []).map(({ name, expr }) => ({
    panel: name,
    expr: fill(expr ?? ''),
    mayBeEmpty: name === 'Starts' ? null : 'events only',
  }));
  return [...panels, ...annotations];
}
