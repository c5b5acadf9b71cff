import {
  labelCombinations,
  METRIC_NAMES,
  type MetricName,
  type MetricSpec,
  metricSpec,
  SERIES_LIMIT,
} from '../../src/metrics/metric-table.js';
import { GENERATED_NOTE } from './generated-note.js';

/** Buckets of a histogram come with `+Inf`, `_sum` and `_count`. */
const HISTOGRAM_EXTRAS = 3;

/** `docs/metrics.md`. */
export function metricsDocument(): string {
  const total = METRIC_NAMES.reduce((sum, name) => sum + seriesCount(metricSpec(name)), 0);
  return `<!-- ${GENERATED_NOTE} -->

# Metrics

Served at \`/metrics\` and \`/ops/metrics\` by the listener of \`LEAKWATCH_LISTEN\`, or by the host itself when it passes its own
registry to \`watch({ registry })\` (of \`prom-client\` 15 or \`@prometheus-io/client\`).

- Base units are bytes and seconds. Every series exists from the start, with 0, or with +Inf if it is a limit.
- Label values come from the fixed lists below, never from the heap, a path, a URL or a token. Names of classes and
  holders are only in \`GET /ops/leaks\`.
- The state \`paused\` is reserved: nothing produces it yet.
- There are ${total} series in all; the package never exports more than ${SERIES_LIMIT}.
- "Joined by" is how \`AggregatorRegistry\` joins the workers of a cluster: for the heap the worst worker counts; memory
  outside the heap and counters are summed. +Inf is missing there, because workers send JSON, which has no infinity.

| metric | type | labels | series | joined by | meaning |
|---|---|---|---|---|---|
${METRIC_NAMES.map(row).join('\n')}

## Label values

${labelLists().join('\n')}

## Buckets

${METRIC_NAMES.flatMap(buckets).join('\n')}
`;
}

/** How many series the metric exports. */
function seriesCount(spec: MetricSpec): number {
  if (Object.values(spec.labels).includes('constant')) return 1;
  const perCombination = spec.type === 'histogram' ? (spec.buckets?.length ?? 0) + HISTOGRAM_EXTRAS : 1;
  return labelCombinations(spec).length * perCombination;
}

function row(name: MetricName): string {
  const spec = metricSpec(name);
  const labels = Object.keys(spec.labels).map((label) => `\`${label}\``);
  const cells = [`\`${name}\``, spec.type, labels.join(', '), seriesCount(spec), spec.aggregator, spec.help];
  return `| ${cells.join(' | ')} |`;
}

/** One line for each list of values; the same label may have another list in another metric. */
function labelLists(): readonly string[] {
  const users = new Map<string, MetricName[]>();
  for (const name of METRIC_NAMES) {
    for (const [label, values] of Object.entries(metricSpec(name).labels)) {
      const text =
        values === 'constant' ? 'one value per process' : values.map((value) => `\`${value}\``).join(', ');
      const line = `\`${label}\`: ${text}`;
      users.set(line, [...(users.get(line) ?? []), name]);
    }
  }
  return [...users].map(([line, names]) => `- ${line} (${names.map((name) => `\`${name}\``).join(', ')})`);
}

function buckets(name: MetricName): readonly string[] {
  const { buckets: bounds } = metricSpec(name);
  return bounds === undefined ? [] : [`- \`${name}\`: ${bounds.join(', ')}, +Inf seconds`];
}
