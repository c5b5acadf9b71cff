import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  BigValueTextMode,
  type DataSourceRef,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as HeatmapBuilder,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { PanelSpec } from './panel-spec.js';

/** The data source that the dashboard's variable selects. */
export const DATA_SOURCE: DataSourceRef = { type: 'prometheus', uid: '$datasource' };

const STAT_HEIGHT = 4;
const GRAPH_HEIGHT = 8;

export function buildPanel(spec: PanelSpec, id: number): Builder<Panel> {
  switch (spec.kind) {
    case 'stat':
      return framed(statPanel(spec), spec, id, STAT_HEIGHT);
    case 'heatmap':
      return framed(heatmapPanel(spec.unit), spec, id, GRAPH_HEIGHT);
    case 'lines':
    case 'bars':
      return framed(timeseriesPanel(spec.kind), spec, id, GRAPH_HEIGHT);
  }
}

function framed<B extends StatBuilder | HeatmapBuilder | TimeseriesBuilder>(
  builder: B,
  spec: PanelSpec,
  id: number,
  height: number,
): B {
  builder
    .id(id)
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .span(spec.width)
    .height(height)
    .datasource(DATA_SOURCE)
    .targets(spec.queries.map((_, index) => target(spec, index)));
  if (spec.noValue !== undefined) builder.noValue(spec.noValue);
  if (spec.thresholds !== undefined) {
    const steps = spec.thresholds.map(({ from, color }) => ({ value: from, color }));
    builder.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
  }
  return builder;
}

function target(spec: PanelSpec, index: number): DataqueryBuilder {
  const { expr, legend } = spec.queries[index]!;
  const query = new DataqueryBuilder()
    .datasource(DATA_SOURCE)
    .expr(expr)
    .legendFormat(legend)
    .refId(String.fromCharCode('A'.charCodeAt(0) + index));
  if (spec.kind === 'heatmap') query.format(PromQueryFormat.Heatmap);
  return spec.kind === 'stat' ? query.instant() : query.range();
}

function statPanel(spec: PanelSpec): StatBuilder {
  return new StatBuilder()
    .colorMode(spec.thresholds === undefined ? BigValueColorMode.None : BigValueColorMode.Background)
    .graphMode(BigValueGraphMode.None)
    .textMode(spec.showName === true ? BigValueTextMode.Name : BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
}

function timeseriesPanel(kind: 'lines' | 'bars'): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .drawStyle(kind === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(kind === 'bars' ? 60 : 0)
    .lineWidth(1)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

function heatmapPanel(unit: string): HeatmapBuilder {
  return new HeatmapBuilder()
    .calculate(false)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().unit(unit));
}
