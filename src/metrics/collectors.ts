import { Registry } from 'prom-client';
import { type CaptureOutcome, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import type { DaemonStatus, WatcherEvents } from '../daemon/daemon-status.js';
import { LeakwatchError } from '../errors.js';
import type { Finding } from '../findings/finding.js';
import type { MetricsRegistry } from '../options/metrics-registry.js';
import { packageVersion } from '../runtime/package-version.js';
import { say } from '../runtime/say.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { createFamily, type Labels, type MetricFamily, type Reading } from './metric-family.js';
import { LOOK_OUTCOMES, METRIC_NAMES, type MetricName } from './metric-table.js';
import { OpenFindings } from './open-findings.js';
import { STATUS_READINGS } from './status-readings.js';

/** A port: the daemon, as far as metrics need it. */
export interface MetricsSource {
  readonly events: {
    on<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): unknown;
    off<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): unknown;
  };
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

const NO_LABELS: Labels = {};

/**
 * Publishes `source` as the metrics of the table, from now on; `missed` are the samples taken before.
 * Throws a `LeakwatchError` when `registry` is not a registry, or already holds metrics of these names.
 */
export function createMetrics(
  source: MetricsSource,
  registry: MetricsRegistry = new Registry(),
  missed: readonly HeapSample[] = [],
): Metrics {
  refuseUnusable(registry);
  const families = createFamilies(source);
  const unsubscribe = subscribe(source, (name) => families.get(name)!, missed);
  for (const { metric } of families.values()) registry.registerMetric(metric);
  return {
    registry,
    get contentType() {
      return registry.contentType;
    },
    exposition: () => registry.metrics(),
    close() {
      unsubscribe();
      // By the table's names: a registry for OpenMetrics renames the counters it holds.
      for (const [name, { metric }] of families) {
        if (registry.getSingleMetric(name) === metric) registry.removeSingleMetric(name);
      }
    },
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
  const families = new Map<MetricName, MetricFamily>();
  for (const name of METRIC_NAMES) {
    const read = STATUS_READINGS[name];
    families.set(name, createFamily(name, read && (() => readOrKeep(status, read))));
  }
  families.get('leakwatch_build_info')?.set({ version: packageVersion(), node_version: process.version }, 1);
  return families;
}

/** A scrape must not fail because of the watcher: the same response holds the host's own metrics. The time of the last sample, which stays, shows it. */
function readOrKeep(
  status: () => DaemonStatus,
  read: (status: DaemonStatus) => readonly Reading[],
): readonly Reading[] | null {
  try {
    return read(status());
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

function subscribe(
  source: MetricsSource,
  family: (name: MetricName) => MetricFamily,
  missed: readonly HeapSample[],
): () => void {
  const open = new OpenFindings(source.status().findings);
  const onSample = ({ gc }: HeapSample) => {
    if (gc === null) return;
    const labels = { kind: gc.kind };
    family('leakwatch_gc_duration_seconds').observe(labels, gc.pauseMs / 1000);
    family('leakwatch_gc_reclaimed_bytes_total').add(labels, gc.reclaimedBytes ?? 0);
  };
  const onCapture = (capture: CaptureRecord) => recordCapture(capture, family);
  const onFinding = (finding: Finding) => {
    const change = open.change(finding);
    if (change !== null) family(`leakwatch_findings_${change}_total`).add({ kind: finding.kind }, 1);
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

function recordCapture(capture: CaptureRecord, family: (name: MetricName) => MetricFamily): void {
  const { dumper, rung: level, trigger, outcome } = capture;
  if (hasGraph(level)) family('leakwatch_captures_total').add({ dumper, trigger, outcome }, 1);
  else family('leakwatch_heap_looks_total').add({ rung: level, outcome: lookOutcome(outcome) }, 1);
  if (outcome === 'skipped') return;
  family('leakwatch_capture_pause_seconds').observe(NO_LABELS, capture.pauseMs / 1000);
  family('leakwatch_capture_retries_total').add(NO_LABELS, capture.retries);
  family('leakwatch_capture_cpu_seconds_total').add(NO_LABELS, capture.cpuSeconds);
  if (!hasGraph(level)) return;
  family('leakwatch_capture_duration_seconds').set(NO_LABELS, capture.durationMs / 1000);
  family('leakwatch_capture_peak_bytes').set(NO_LABELS, capture.peakBytes);
  family('leakwatch_analysis_duration_seconds').set(NO_LABELS, capture.analysisMs / 1000);
  if (outcome === 'success') family('leakwatch_analysis_nodes').set(NO_LABELS, capture.nodes);
}

function lookOutcome(outcome: CaptureOutcome): (typeof LOOK_OUTCOMES)[number] {
  return LOOK_OUTCOMES.find((known) => known === outcome) ?? 'failed';
}
