import { Registry } from 'prom-client';
import { type CaptureOutcome, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import type { DaemonStatus } from '../daemon/daemon-status.js';
import type { SafeEmitter } from '../daemon/safe-emitter.js';
import { LeakwatchError } from '../errors.js';
import type { Finding } from '../findings/finding.js';
import type { MetricsRegistry } from '../options/metrics-registry.js';
import { packageVersion } from '../runtime/package-version.js';
import { say } from '../runtime/say.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { createFamily, type MetricFamily } from './metric-family.js';
import {
  type Labels,
  LOOK_OUTCOMES,
  METRIC_NAMES,
  type MetricName,
  metricSpec,
  type Reading,
} from './metric-table.js';
import { OpenFindings } from './open-findings.js';

/** A port: the daemon, as far as metrics need it. */
export interface MetricsSource {
  readonly events: Pick<SafeEmitter, 'on' | 'off'>;
  status(): DaemonStatus;
}

export interface Metrics {
  readonly registry: MetricsRegistry;
  /** Value of the Content-Type header that belongs to `exposition()`. */
  readonly contentType: string;
  /** Everything in the registry, in the format of `contentType`. */
  exposition(): Promise<string>;
  /** Stops listening and takes these metrics, and no others, out of the registry. */
  close(): void;
}

type RecordValue = (name: MetricName, labels: Labels, value: number) => void;

const NO_LABELS: Labels = {};

/**
 * Publishes `source` as the metrics of the table, from now on; `missed` are the samples taken before.
 * Throws a `LeakwatchError` when `registry` is not a registry, or already holds metrics of these names.
 */
export function createMetrics(
  source: MetricsSource,
  given?: MetricsRegistry,
  missed: readonly HeapSample[] = [],
): Metrics {
  const own = new Registry();
  const registry = given === undefined ? own : given;
  refuseUnusable(registry);
  const families = createFamilies(source);
  const record: RecordValue = (name, labels, value) => families.get(name)?.record(labels, value);
  record('leakwatch_build_info', { version: packageVersion(), node_version: process.version }, 1);
  const unsubscribe = subscribe(source, record, missed);
  for (const { metric } of families.values()) registry.registerMetric(metric);
  return {
    registry,
    get contentType() {
      return registry.contentType;
    },
    exposition: given === undefined ? ownExposition(own, families) : () => registry.metrics(),
    close() {
      unsubscribe();
      // By the table's names: a registry for OpenMetrics renames the counters it holds.
      for (const [name, { metric }] of families) {
        if (registry.getSingleMetric(name) === metric) registry.removeSingleMetric(name);
      }
    },
  };
}

/**
 * As the registry, which holds nothing else, writes it; but what events drive is written only after an event. It is most of the
 * series, and writing is most of a scrape.
 */
function ownExposition(
  registry: Pick<Registry, 'getSingleMetricAsString'>,
  families: ReadonlyMap<MetricName, MetricFamily>,
): () => Promise<string> {
  const known = new Map<MetricName, { readonly version: number; readonly text: string }>();
  const textOf = async (name: MetricName, { version }: MetricFamily): Promise<string> => {
    const kept = known.get(name);
    if (kept !== undefined && kept.version === version) return kept.text;
    const text = await registry.getSingleMetricAsString(name);
    if (version !== null) known.set(name, { version, text });
    return text;
  };
  return async () => {
    const texts = await Promise.all([...families].map(([name, family]) => textOf(name, family)));
    return `${texts.join('\n\n')}\n`;
  };
}

function refuseUnusable(registry: MetricsRegistry): void {
  const methods = ['metrics', 'registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const;
  if (methods.some((method) => typeof registry?.[method] !== 'function')) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_INVALID_OPTION',
      say`registry must be a Registry of prom-client or @prometheus-io/client.`,
    );
  }
  const taken = METRIC_NAMES.find((name) => registry.getSingleMetric(name) !== undefined);
  if (taken !== undefined) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_OPTION_CONFLICT',
      say`registry already holds '${taken}'. Stop the watcher that registered it, or give this one another registry.`,
    );
  }
}

function createFamilies(source: MetricsSource): ReadonlyMap<MetricName, MetricFamily> {
  const status = oncePerScrape(source);
  const readerOf = (name: MetricName) =>
    metricSpec(name).read === undefined ? null : () => readOrKeep(status, name);
  return new Map(METRIC_NAMES.map((name) => [name, createFamily(name, readerOf(name))]));
}

/** A scrape must not fail because of the watcher: the same response holds the host's own metrics. The time of the last sample, which stays, shows it. */
function readOrKeep(status: () => DaemonStatus, name: MetricName): readonly Reading[] | null {
  try {
    return metricSpec(name).read?.(status()) ?? null;
  } catch {
    return null;
  }
}

/** A registry asks all its metrics in one go, so one status serves a scrape and its figures agree with one another. */
function oncePerScrape(source: MetricsSource): () => DaemonStatus {
  let current: DaemonStatus | null = null;
  return () => {
    if (current === null) {
      current = source.status();
      queueMicrotask(() => {
        current = null;
      });
    }
    return current;
  };
}

function subscribe(source: MetricsSource, record: RecordValue, missed: readonly HeapSample[]): () => void {
  const open = new OpenFindings(source.status().findings);
  const onSample = ({ gc }: HeapSample) => {
    if (gc === null) return;
    const labels = { kind: gc.kind };
    record('leakwatch_gc_duration_seconds', labels, gc.pauseMs / 1000);
    record('leakwatch_gc_reclaimed_bytes_total', labels, gc.reclaimedBytes ?? 0);
  };
  const onCapture = (capture: CaptureRecord) => recordCapture(capture, record);
  const onFinding = (finding: Finding) => {
    const change = open.change(finding);
    if (change !== null) record(`leakwatch_findings_${change}_total`, { kind: finding.kind }, 1);
  };
  for (const sample of missed) onSample(sample);
  source.events.on('sample', onSample);
  source.events.on('capture', onCapture);
  source.events.on('finding', onFinding);
  return () => {
    source.events.off('sample', onSample);
    source.events.off('capture', onCapture);
    source.events.off('finding', onFinding);
  };
}

function recordCapture(capture: CaptureRecord, record: RecordValue): void {
  const { dumper, rung: level, trigger, outcome } = capture;
  if (hasGraph(level)) record('leakwatch_captures_total', { dumper, trigger, outcome }, 1);
  else record('leakwatch_heap_looks_total', { rung: level, outcome: lookOutcome(outcome) }, 1);
  if (outcome === 'skipped') return;
  record('leakwatch_capture_pause_seconds', NO_LABELS, capture.pauseMs / 1000);
  record('leakwatch_capture_retries_total', NO_LABELS, capture.retries);
  record('leakwatch_capture_cpu_seconds_total', NO_LABELS, capture.cpuSeconds);
  if (!hasGraph(level)) return;
  record('leakwatch_capture_duration_seconds', NO_LABELS, capture.durationMs / 1000);
  record('leakwatch_capture_peak_bytes', NO_LABELS, capture.peakBytes);
  record('leakwatch_analysis_duration_seconds', NO_LABELS, capture.analysisMs / 1000);
  if (outcome === 'success') record('leakwatch_analysis_nodes', NO_LABELS, capture.nodes);
}

function lookOutcome(outcome: CaptureOutcome): (typeof LOOK_OUTCOMES)[number] {
  return LOOK_OUTCOMES.find((known) => known === outcome) ?? 'failed';
}
