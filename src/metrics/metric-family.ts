import { Counter, Gauge, Histogram } from 'prom-client';
import { labelCombinations, type MetricName, type MetricSpec, metricSpec } from './metric-table.js';

export type Labels = Readonly<Record<string, string>>;

/** One value of one series. */
export interface Reading {
  readonly labels: Labels;
  readonly value: number;
}

/**
 * One metric of the table with all its series. Values that are not numbers and label values that the table
 * does not list are left out: neither a new series nor an exception comes of them.
 */
export interface MetricFamily {
  readonly name: MetricName;
  /** The object that a registry holds. */
  readonly metric: object;
  /** Gauge: takes the value. */
  set(labels: Labels, value: number): void;
  /** Counter: goes up by `value`. */
  add(labels: Labels, value: number): void;
  /** Histogram: one more observation, seconds. */
  observe(labels: Labels, seconds: number): void;
}

/** `read` gives the present values at each scrape, or null to leave them as they are; absent for metrics that events drive. */
export function createFamily(name: MetricName, read?: () => readonly Reading[] | null): MetricFamily {
  const spec = metricSpec(name);
  const combinations = labelCombinations(spec);
  const accepts = labelCheck(spec, combinations);
  const config: Config = {
    name,
    help: spec.help,
    labelNames: Object.keys(spec.labels),
    aggregator: spec.aggregator,
    registers: [],
  };
  switch (spec.type) {
    case 'gauge':
      return gaugeFamily(name, config, combinations, accepts, read);
    case 'counter':
      return counterFamily(name, config, combinations, accepts, read);
    case 'histogram':
      return histogramFamily(name, { ...config, buckets: [...(spec.buckets ?? [])] }, combinations, accepts);
  }
}

interface Config {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly aggregator: MetricSpec['aggregator'];
  readonly registers: [];
}

type LabelCheck = (labels: Labels) => boolean;

function gaugeFamily(
  name: MetricName,
  config: Config,
  combinations: readonly Labels[],
  accepts: LabelCheck,
  read?: () => readonly Reading[] | null,
): MetricFamily {
  const set = (labels: Labels, value: number) => {
    if (accepts(labels) && !Number.isNaN(value)) gauge.set({ ...labels }, value);
  };
  const zero = () => {
    for (const labels of combinations) gauge.set({ ...labels }, 0);
  };
  const collect = () => {
    const readings = read?.() ?? null;
    if (readings === null) return;
    zero();
    for (const { labels, value } of readings) set(labels, value);
  };
  const gauge = new Gauge({ ...config, collect });
  zero();
  return { name, metric: withFiniteJson(gauge), set, add: ignore, observe: ignore };
}

function counterFamily(
  name: MetricName,
  config: Config,
  combinations: readonly Labels[],
  accepts: LabelCheck,
  read?: () => readonly Reading[] | null,
): MetricFamily {
  const add = (labels: Labels, value: number) => {
    if (accepts(labels) && Number.isFinite(value) && value >= 0) counter.inc({ ...labels }, value);
  };
  // Adding nothing creates the series, also after the host called `resetMetrics()`.
  const zero = () => {
    for (const labels of combinations) counter.inc({ ...labels }, 0);
  };
  const collect = () => {
    const readings = read?.() ?? null;
    if (readings !== null) counter.reset();
    zero();
    for (const { labels, value } of readings ?? []) add(labels, value);
  };
  const counter = new Counter({ ...config, collect });
  zero();
  return { name, metric: counter, set: ignore, add, observe: ignore };
}

function histogramFamily(
  name: MetricName,
  config: Config & { readonly buckets: number[] },
  combinations: readonly Labels[],
  accepts: LabelCheck,
): MetricFamily {
  const histogram = new Histogram(config);
  for (const labels of combinations) histogram.zero({ ...labels });
  const observe = (labels: Labels, seconds: number) => {
    if (accepts(labels) && Number.isFinite(seconds) && seconds >= 0)
      histogram.observe({ ...labels }, seconds);
  };
  return { name, metric: histogram, set: ignore, add: ignore, observe };
}

function ignore(): void {}

function labelCheck(spec: MetricSpec, combinations: readonly Labels[]): LabelCheck {
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
 * figures to the primary as JSON, where +Inf becomes null and the aggregator `min` makes 0 of it, which would
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
