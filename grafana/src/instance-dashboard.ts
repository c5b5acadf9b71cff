import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { INSTANCE_ROWS } from './instance-panels.js';
import { buildPanel, DATA_SOURCE } from './panel-builder.js';
import { ofInstance } from './panel-spec.js';

/** One process: whether it leaks, how fast, how much time is left, and what leakwatch itself costs. */
export function instanceDashboard(): Dashboard {
  const builder = new DashboardBuilder('leakwatch / Instance')
    .uid('leakwatch-instance')
    .description(
      'Memory of one Node.js process, measured by leakwatch: the verdict first, then the figures behind it.',
    )
    .tags(['leakwatch', 'nodejs'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'))
    .withVariable(labelVariable('job', 'Job', 'label_values(leakwatch_build_info, job)'))
    .withVariable(
      labelVariable('instance', 'Instance', 'label_values(leakwatch_build_info{job="$job"}, instance)'),
    )
    .annotations(annotations());
  // Ids are fixed because Grafana renumbers panels without an id at each import, which breaks links to them.
  let id = 0;
  for (const row of INSTANCE_ROWS) {
    id += 1;
    builder.withRow(new RowBuilder(row.title).id(id));
    for (const panel of row.panels) {
      id += 1;
      builder.withPanel(buildPanel(panel, id));
    }
  }
  return builder.build();
}

function labelVariable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc);
}

function annotations(): AnnotationQueryBuilder[] {
  return [
    annotation(
      'Starts',
      'blue',
      `${ofInstance('leakwatch_watcher_start_timestamp_seconds')} * 1000`,
      'watching began',
    ).useValueForTime(true),
    annotation(
      'Captures',
      'purple',
      `sum by (dumper, trigger, outcome) (increase(${ofInstance('leakwatch_captures_total', 'outcome!="skipped"')}[$__rate_interval])) > 0`,
      'capture by {{dumper}} on {{trigger}}: {{outcome}}',
    ),
    annotation(
      'Findings',
      'red',
      `sum by (kind) (increase(${ofInstance('leakwatch_findings_opened_total')}[$__rate_interval])) > 0`,
      'finding of kind {{kind}} opened',
    ),
  ];
}

function annotation(name: string, color: string, expr: string, title: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .hide(false)
    .iconColor(color)
    .expr(expr)
    .step('30s')
    .titleFormat(title);
}
