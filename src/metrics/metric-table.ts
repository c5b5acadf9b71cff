import { CAPTURE_OUTCOMES, DUMPER_NAMES } from '../capture/capture-record.js';
import { type DaemonStatus, ERROR_STAGES, TREND_WINDOWS } from '../daemon/daemon-status.js';
import { FINDING_STATUSES } from '../findings/finding.js';
import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { WATCHER_STATES } from '../report/report.js';
import { GC_KINDS } from '../sampling/gc-source.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { CAPTURE_TRIGGERS } from '../trigger/capture-trigger.js';

/** How prom-client's `AggregatorRegistry` joins the workers of a cluster. */
type MetricAggregator = 'sum' | 'max' | 'min' | 'first';

/** A label takes the values listed and no other; `constant`: one value for the life of the process. */
type LabelValues = readonly string[] | 'constant';

export type Labels = Readonly<Record<string, string>>;

/** One value of one series. */
export interface Reading {
  readonly labels: Labels;
  readonly value: number;
}

type Read = (status: DaemonStatus) => readonly Reading[];

interface MetricDetails {
  readonly labels?: Readonly<Record<string, LabelValues>>;
  /** The present values, read off the status at each scrape; absent where events drive the metric. */
  readonly read?: Read;
  /** Upper bounds of a histogram, seconds. */
  readonly buckets?: readonly number[];
  /** Combinations that cannot happen and so get no series. */
  readonly excludes?: (labels: Labels) => boolean;
}

export interface MetricSpec extends MetricDetails {
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** One line, also the HELP line of the exposition. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly aggregator: MetricAggregator;
}

function gauge(aggregator: MetricAggregator, help: string, details: MetricDetails = {}): MetricSpec {
  return { type: 'gauge', help, aggregator, labels: {}, ...details };
}

function counter(help: string, details: MetricDetails = {}): MetricSpec {
  return { type: 'counter', help, aggregator: 'sum', labels: {}, ...details };
}

function histogram(buckets: readonly number[], help: string, details: MetricDetails = {}): MetricSpec {
  return { type: 'histogram', help, aggregator: 'sum', labels: {}, buckets, ...details };
}

/** The most series all metrics of the package may have together. */
export const SERIES_LIMIT = 200;

/** The levels without a graph, and their outcomes: `failed` is any other outcome than the first two. */
const LOOK_LEVELS = ['probe', 'census'] as const;
export const LOOK_OUTCOMES = ['success', 'skipped', 'failed'] as const;

/** Ranks of the worst open findings; further ones have no series. */
const SUSPECT_RANKS = ['1', '2', '3', '4', '5'] as const;

// Each bucket costs a series for each kind of cycle. A minor cycle takes about 1 ms, a major one 5 to 500 ms.
const GC_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5];
// A fork pauses for 4 to 120 ms, a snapshot in process for seconds.
const PAUSE_BUCKETS = [0.01, 0.05, 0.25, 1, 5];

/**
 * Every metric. In a cluster, figures of one process that have a limit of their own (heap) are joined to
 * the worst worker's, figures that add up on the host (memory outside the heap, counters) are summed.
 */
export const METRIC_TABLE = {
  leakwatch_build_info: gauge('first', 'Always 1; the versions of leakwatch and Node.js are in the labels.', {
    labels: { version: 'constant', node_version: 'constant' },
  }),
  leakwatch_watcher_state: gauge('max', 'State of the watcher: 1 for the present one, 0 for the others.', {
    labels: { state: WATCHER_STATES },
    read: ({ state }) => [{ labels: { state }, value: 1 }],
  }),
  leakwatch_watcher_start_timestamp_seconds: gauge(
    'max',
    'When watching began, seconds since the Unix epoch.',
    { read: one((status) => status.startedAtMs / 1000) },
  ),
  leakwatch_watcher_last_sample_timestamp_seconds: gauge(
    'min',
    'When the latest heap sample was taken, seconds since the Unix epoch; 0 before the first.',
    { read: ofSample((sample) => sample.atMs / 1000) },
  ),
  leakwatch_watcher_samples_total: counter('Heap samples taken, at the end of GC cycles and on the timer.', {
    read: one((status) => status.samples),
  }),
  leakwatch_watcher_errors_total: counter('Failures of background work by stage; watching went on.', {
    labels: { stage: ERROR_STAGES },
    read: ({ errors }) => Object.entries(errors).map(([stage, value]) => ({ labels: { stage }, value })),
  }),
  leakwatch_watcher_cpu_seconds_total: counter(
    'CPU time of the watcher in this process, in forked children and in analysis processes.',
    { read: one((status) => status.cpuSeconds) },
  ),
  leakwatch_heap_used_bytes: gauge(
    'max',
    'Used heap at the latest sample, garbage included; 0 before the first.',
    { read: ofSample((sample) => sample.usedBytes) },
  ),
  leakwatch_heap_live_bytes: gauge(
    'max',
    'Live heap: used bytes after the latest full GC; 0 before the first.',
    { read: one((status) => status.live?.bytes ?? 0) },
  ),
  leakwatch_heap_live_timestamp_seconds: gauge(
    'min',
    'When the live heap was measured, seconds since the Unix epoch; 0 before the first full GC.',
    { read: one((status) => (status.live?.atMs ?? 0) / 1000) },
  ),
  leakwatch_heap_limit_bytes: gauge(
    'min',
    "V8's heap limit (--max-old-space-size and the young generation).",
    { read: ofSample((sample) => sample.limitBytes) },
  ),
  leakwatch_memory_limit_bytes: gauge('min', 'Memory limit of the container; +Inf when there is none.', {
    read: one((status) => status.lastSample?.memoryLimitBytes ?? Infinity),
  }),
  leakwatch_memory_available_bytes: gauge(
    'min',
    'Memory that the container or host has left; +Inf if unknown.',
    { read: one((status) => status.lastSample?.memoryAvailableBytes ?? Infinity) },
  ),
  leakwatch_resident_memory_bytes: gauge('sum', 'Resident set size of the process at the latest sample.', {
    read: ofSample((sample) => sample.rssBytes),
  }),
  leakwatch_array_buffers_bytes: gauge(
    'sum',
    'Memory of ArrayBuffers and Buffers, outside the heap; part of leakwatch_external_bytes.',
    { read: ofSample((sample) => sample.arrayBuffersBytes) },
  ),
  leakwatch_external_bytes: gauge(
    'sum',
    'Memory of C++ objects bound to JavaScript objects, outside the heap.',
    { read: ofSample((sample) => sample.externalBytes) },
  ),
  leakwatch_malloced_bytes: gauge('sum', 'Memory that V8 itself allocated with malloc.', {
    read: ofSample((sample) => sample.mallocedBytes),
  }),
  leakwatch_native_contexts: gauge(
    'sum',
    'Top-level contexts (vm, realms); a rising count hints at a leak of contexts.',
    { read: ofSample((sample) => sample.nativeContexts) },
  ),
  leakwatch_detached_contexts: gauge(
    'sum',
    'Contexts that are no longer used but not yet collected; 0 in a healthy process.',
    { read: ofSample((sample) => sample.detachedContexts) },
  ),
  leakwatch_gc_duration_seconds: histogram(
    GC_BUCKETS,
    'Pauses of GC cycles by kind; every cycle since watching began.',
    { labels: { kind: GC_KINDS } },
  ),
  leakwatch_gc_reclaimed_bytes_total: counter(
    'Bytes that GC cycles freed, by kind; cycles without exact figures count as 0.',
    { labels: { kind: GC_KINDS } },
  ),
  leakwatch_heap_trend_bytes_per_second: gauge(
    'max',
    'Slope of the live heap over the window (Theil-Sen); 0 while unknown.',
    {
      labels: { window: TREND_WINDOWS },
      read: ({ trends }) =>
        Object.entries(trends).map(([window, trend]) => ({
          labels: { window },
          value: trend.bytesPerSecond,
        })),
    },
  ),
  leakwatch_heap_exhaustion_timestamp_seconds: gauge(
    'min',
    'When the live heap will reach its limit at the present rate, seconds since the Unix epoch; +Inf if it will not.',
    { read: one(exhaustionSeconds) },
  ),
  leakwatch_findings: gauge('sum', 'Present findings, by kind and status; muted ones are left out.', {
    labels: { kind: FINDING_KINDS, status: FINDING_STATUSES },
    read: findingCounts,
  }),
  leakwatch_findings_opened_total: counter('Findings that were opened since watching began, by kind.', {
    labels: { kind: FINDING_KINDS },
  }),
  leakwatch_findings_resolved_total: counter('Findings that were resolved since watching began, by kind.', {
    labels: { kind: FINDING_KINDS },
  }),
  leakwatch_suspect_growth_bytes_per_second: gauge(
    'max',
    'Growth of the open finding at this rank, worst first; names are only in GET /ops/leaks.',
    { labels: { rank: SUSPECT_RANKS }, read: suspectGrowth },
  ),
  leakwatch_captures_total: counter(
    'Captures of the heap graph, including skipped and failed ones, by dumper, trigger and outcome.',
    {
      labels: { dumper: DUMPER_NAMES, trigger: CAPTURE_TRIGGERS, outcome: CAPTURE_OUTCOMES },
      // Without a dumper there is nothing to do but skip.
      excludes: ({ dumper, outcome }) => dumper === 'none' && outcome !== 'skipped',
    },
  ),
  leakwatch_heap_looks_total: counter(
    'Captures without a graph: probes (size of the live heap) and censuses (its classes), by outcome.',
    { labels: { rung: LOOK_LEVELS, outcome: LOOK_OUTCOMES } },
  ),
  leakwatch_capture_retries_total: counter(
    'Forked children that met a busy V8 thread and were replaced, at all levels.',
  ),
  leakwatch_capture_cpu_seconds_total: counter(
    'CPU time of forked children and analysis processes, at all levels.',
  ),
  leakwatch_capture_pause_seconds: histogram(
    PAUSE_BUCKETS,
    'Pauses of the service by captures, including probes and censuses; skipped captures are not counted.',
  ),
  leakwatch_capture_duration_seconds: gauge(
    'max',
    'Duration of the latest capture of a graph that was not skipped, from the decision to the end of its analysis.',
  ),
  leakwatch_capture_peak_bytes: gauge(
    'max',
    'Peak memory of the latest capture of a graph, in addition to the heap; 0 if unknown.',
  ),
  leakwatch_analysis_duration_seconds: gauge(
    'max',
    'Time that the analysis process took for the latest capture of a graph.',
  ),
  leakwatch_analysis_nodes: gauge(
    'max',
    'Objects in the snapshot of the latest capture that succeeded; of a sampled one, in the sample.',
  ),
} satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRIC_TABLE;

export const METRIC_NAMES = Object.keys(METRIC_TABLE) as readonly MetricName[];

export function metricSpec(name: MetricName): MetricSpec {
  return METRIC_TABLE[name];
}

/** Every combination of label values the metric has a series for; one empty combination without labels; none where a label is constant. */
export function labelCombinations(spec: MetricSpec): readonly Labels[] {
  let combinations: Labels[] = [{}];
  for (const [label, values] of Object.entries(spec.labels)) {
    const listed = values === 'constant' ? [] : values;
    combinations = combinations.flatMap((combination) =>
      listed.map((value) => ({ ...combination, [label]: value })),
    );
  }
  return combinations.filter((combination) => spec.excludes?.(combination) !== true);
}

function one(value: (status: DaemonStatus) => number): Read {
  return (status) => [{ labels: {}, value: value(status) }];
}

function ofSample(value: (sample: HeapSample) => number): Read {
  return one(({ lastSample }) => (lastSample === null ? 0 : value(lastSample)));
}

/** Counted from the latest sample, so that the moment stands still while nothing new is known. */
function exhaustionSeconds({ timeToLimit, lastSample }: DaemonStatus): number {
  if (timeToLimit === null || lastSample === null) return Infinity;
  return lastSample.atMs / 1000 + timeToLimit.seconds;
}

function findingCounts({ findings }: DaemonStatus): readonly Reading[] {
  const counts = new Map<string, Reading>();
  for (const { kind, status, muted } of findings) {
    if (muted) continue;
    const key = `${kind} ${status}`;
    counts.set(key, { labels: { kind, status }, value: (counts.get(key)?.value ?? 0) + 1 });
  }
  return [...counts.values()];
}

function suspectGrowth({ findings }: DaemonStatus): readonly Reading[] {
  const open = findings.filter(({ status, muted }) => status !== 'resolved' && !muted);
  return SUSPECT_RANKS.flatMap((rank, index) => {
    const finding = open[index];
    return finding === undefined ? [] : [{ labels: { rank }, value: finding.growth.bytesPerSecond }];
  });
}
