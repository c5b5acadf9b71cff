import type { MetricName } from '../../src/metrics/metric-table.js';

interface QuerySpec {
  readonly expr: string;
  /** Name of the series in the legend, with label templates. */
  readonly legend: string;
  /** Why the query may return no data in a healthy or new service. */
  readonly mayBeEmpty?: string;
}

interface ThresholdSpec {
  /** Null: from minus infinity. */
  readonly from: number | null;
  readonly color: 'green' | 'yellow' | 'orange' | 'red';
}

/** One panel, as data. */
export interface PanelSpec {
  readonly kind: 'stat' | 'lines' | 'bars' | 'heatmap';
  readonly title: string;
  /** What the panel shows and how to read it. */
  readonly description: string;
  readonly unit: string;
  /** In columns of 24. */
  readonly width: number;
  readonly queries: readonly QuerySpec[];
  readonly thresholds?: readonly ThresholdSpec[];
  /** Shown instead of an empty result. */
  readonly noValue?: string;
  /** The stat shows the name of the series, not its value. */
  readonly showName?: boolean;
}

export interface RowSpec {
  readonly title: string;
  readonly panels: readonly PanelSpec[];
}

/** The range of every rate. */
export const RATE = '[$__rate_interval]';

type SeriesName = MetricName | `${MetricName}_${'bucket' | 'sum' | 'count'}`;

/** The series of the selected instance, with further `matchers` such as `status="confirmed"`. */
export function ofInstance(name: SeriesName, matchers = ''): string {
  return `${name}{job="$job",instance="$instance"${matchers === '' ? '' : `,${matchers}`}}`;
}
