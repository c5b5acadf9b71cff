import { Counter, Gauge, Histogram } from 'prom-client';
import {
  type Labels,
  labelCombinations,
  type MetricName,
  type MetricSpec,
  metricSpec,
  type Reading,
} from './metric-table.js';

/**
 * One metric of the table with all its series. Values that are not numbers and label values that the table
 * does not list are ignored: they cause neither a new series nor an exception.
 */
export interface MetricFamily {
  /** The object that a registry holds. */
  readonly metric: object;
  /** A gauge takes the value, a counter goes up by it, to a histogram (seconds) it is one more observation. */
  record(labels: Labels, value: number): void;
}

/** `read` gives the present values at each scrape, or null to leave them as they are; for metrics that events drive it always does. */
export function createFamily(name: MetricName, read: () => readonly Reading[] | null): MetricFamily {
  const spec = metricSpec(name);
  const combinations = labelCombinations(spec);
  const accepts = labelCheck(spec, combinations);
  const record = (labels: Labels, value: number) => {
    if (accepts(labels) && series.accepts(value)) series.record({ ...labels }, value);
  };
  const zero = () => {
    for (const labels of combinations) series.add({ ...labels });
  };
  // Also after the host called `resetMetrics()`.
  const collect = () => {
    const readings = read();
    if (readings !== null) series.reset();
    zero();
    for (const { labels, value } of readings ?? []) record(labels, value);
  };
  const series = SERIES[spec.type]({ ...configOf(name, spec), collect }, spec);
  zero();
  return { metric: series.metric, record };
}

/** What differs between the types of metrics. */
interface Series {
  readonly metric: object;
  accepts(value: number): boolean;
  record(labels: Record<string, string>, value: number): void;
  /** Adds a series with 0 if the metric has no series with these labels. */
  add(labels: Record<string, string>): void;
  reset(): void;
}

type Config = ReturnType<typeof configOf> & { readonly collect: () => void };

function configOf(name: MetricName, { help, labels, aggregator }: MetricSpec) {
  return { name, help, labelNames: Object.keys(labels), aggregator, registers: [] };
}

const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;

const SERIES: Readonly<Record<MetricSpec['type'], (config: Config, spec: MetricSpec) => Series>> = {
  gauge: (config) => {
    const gauge = new Gauge(config);
    return {
      metric: withFiniteJson(gauge),
      accepts: (value) => !Number.isNaN(value),
      record: (labels, value) => gauge.set(labels, value),
      add: (labels) => gauge.inc(labels, 0),
      reset: () => gauge.reset(),
    };
  },
  counter: (config) => {
    const counter = new Counter(config);
    return {
      metric: counter,
      accepts: isAmount,
      record: (labels, value) => counter.inc(labels, value),
      add: (labels) => counter.inc(labels, 0),
      reset: () => counter.reset(),
    };
  },
  // Without `collect`, since adding a series at a scrape would empty one that exists.
  histogram: ({ collect: _, ...config }, { buckets = [] }) => {
    const histogram = new Histogram({ ...config, buckets: [...buckets] });
    return {
      metric: histogram,
      accepts: isAmount,
      record: (labels, value) => histogram.observe(labels, value),
      add: (labels) => histogram.zero(labels),
      reset: () => histogram.reset(),
    };
  },
};

function labelCheck(spec: MetricSpec, combinations: readonly Labels[]): (labels: Labels) => boolean {
  const names = Object.keys(spec.labels);
  const hasConstant = Object.values(spec.labels).includes('constant');
  const key = (labels: Labels) => JSON.stringify(names.map((label) => labels[label]));
  const known = new Set(combinations.map(key));
  return (labels) =>
    Object.keys(labels).length === names.length &&
    (hasConstant ? names.every((label) => labels[label] !== undefined) : known.has(key(labels)));
}

/**
 * A registry writes text from `getForPromString()` and JSON from `get()`. The workers of a cluster hand their
 * figures to the primary as JSON, where +Inf becomes null and the aggregator `min` turns it into 0, which would
 * read as "exhausted in 1970". So JSON leaves infinite series out and text shows them.
 */
function withFiniteJson(gauge: Gauge): object {
  const inText = gauge.get.bind(gauge);
  const inJson = async () => {
    const data = await inText();
    return { ...data, values: data.values.filter(({ value }) => Number.isFinite(value)) };
  };
  return Object.assign(gauge, { getForPromString: inText, get: inJson });
}
