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
  /** Another number whenever its figures may differ; null if they are read at each scrape. */
  readonly version: number | null;
  /** A gauge takes the value, a counter goes up by it, to a histogram (seconds) it is one more observation. */
  record(labels: Labels, value: number): void;
}

/** `read` gives the present values at each scrape, or null to leave them as they are; it is null for metrics that events drive. */
export function createFamily(name: MetricName, read: (() => readonly Reading[] | null) | null): MetricFamily {
  const spec = metricSpec(name);
  const keyOf = keyWith(Object.keys(spec.labels));
  const combinations = labelCombinations(spec).map((labels) => ({ labels, key: keyOf(labels) }));
  const accepts = labelCheck(spec, keyOf, new Set(combinations.map(({ key }) => key)));
  let version = 0;
  const zero = () => {
    for (const { labels } of combinations) series.add(labels);
  };
  const collect = (readings: readonly Reading[] | null) => {
    if (readings === null) return;
    const present = new Map(
      readings
        .filter(({ value }) => series.accepts(value))
        .map(({ labels, value }) => [keyOf(labels), value]),
    );
    series.clear();
    for (const { labels, key } of combinations) series.record(labels, present.get(key) ?? 0);
  };
  const config = configOf(name, spec);
  const onReset = () => {
    version += 1;
    zero();
  };
  const series = SERIES[spec.type](
    read === null ? config : { ...config, collect: () => collect(read()) },
    onReset,
    spec,
  );
  zero();
  return {
    metric: series.metric,
    get version() {
      return read === null ? version : null;
    },
    record(labels, value) {
      if (!accepts(labels) || !series.accepts(value)) return;
      version += 1;
      series.record({ ...labels }, value);
    },
  };
}

/** What differs between the types of metrics. */
interface Series {
  readonly metric: object;
  accepts(value: number): boolean;
  record(labels: Labels, value: number): void;
  /** Adds a series with 0 if the metric has no series with these labels. */
  add(labels: Labels): void;
  clear(): void;
}

type Config = ReturnType<typeof configOf> & { readonly collect?: () => void };

function configOf(name: MetricName, { help, labels, aggregator }: MetricSpec) {
  return { name, help, labelNames: Object.keys(labels), aggregator, registers: [] };
}

const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;

type CreateSeries = (config: Config, onReset: () => void, spec: MetricSpec) => Series;

const SERIES: Readonly<Record<MetricSpec['type'], CreateSeries>> = {
  gauge: (config, onReset) => {
    const gauge = new Gauge(config);
    return {
      accepts: (value) => !Number.isNaN(value),
      record: (labels, value) => gauge.set(labels, value),
      add: (labels) => gauge.inc(labels, 0),
      clear: whenReset(gauge, onReset),
      metric: withFiniteJson(gauge),
    };
  },
  counter: (config, onReset) => {
    const counter = new Counter(config);
    return {
      accepts: isAmount,
      record: (labels, value) => counter.inc(labels, value),
      add: (labels) => counter.inc(labels, 0),
      clear: whenReset(counter, onReset),
      metric: counter,
    };
  },
  histogram: ({ collect: _, ...config }, onReset, { buckets = [] }) => {
    const histogram = new Histogram({ ...config, buckets: [...buckets] });
    return {
      accepts: isAmount,
      record: (labels, value) => histogram.observe(labels, value),
      add: (labels) => histogram.zero(labels),
      clear: whenReset(histogram, onReset),
      metric: histogram,
    };
  },
};

/** Calls `onReset` after the host called `resetMetrics()` on its registry; returns the plain reset. */
function whenReset(metric: { reset(): void }, onReset: () => void): () => void {
  const clear = metric.reset.bind(metric);
  Object.assign(metric, {
    reset: () => {
      clear();
      onReset();
    },
  });
  return clear;
}

function keyWith(names: readonly string[]): (labels: Labels) => string {
  return (labels) => names.map((label) => labels[label]).join('\n');
}

function labelCheck(
  { labels: listed }: MetricSpec,
  keyOf: (labels: Labels) => string,
  known: ReadonlySet<string>,
): (labels: Labels) => boolean {
  const names = Object.keys(listed);
  const hasConstant = Object.values(listed).includes('constant');
  return (labels) =>
    Object.keys(labels).length === names.length &&
    (hasConstant ? names.every((label) => labels[label] !== undefined) : known.has(keyOf(labels)));
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
