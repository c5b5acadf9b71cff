import { CAPTURE_OUTCOMES, DUMPER_NAMES } from '../capture/capture-record.js';
import { ERROR_STAGES, TREND_WINDOWS } from '../daemon/daemon-status.js';
import { FINDING_STATUSES } from '../findings/finding.js';
import { FINDING_KINDS } from '../mechanisms/mechanism-row.js';
import { WATCHER_STATES } from '../report/report.js';
import { GC_KINDS } from '../sampling/gc-source.js';
import { CAPTURE_TRIGGERS } from '../trigger/capture-trigger.js';

/** How prom-client's `AggregatorRegistry` joins the workers of a cluster. */
type MetricAggregator = 'sum' | 'max' | 'min' | 'first';

/** A label takes the values listed and no other; `constant`: one value for the life of the process. */
type LabelValues = readonly string[] | 'constant';

export interface MetricSpec {
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** One line, also the HELP line of the exposition. */
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly aggregator: MetricAggregator;
  /** Upper bounds of a histogram, seconds. */
  readonly buckets?: readonly number[];
  /** Combinations that cannot happen and so get no series. */
  readonly excludes?: (labels: Readonly<Record<string, string>>) => boolean;
}

/** The most series all metrics of the package may have together. */
export const SERIES_LIMIT = 200;

/** The levels without a graph, and their outcomes: `failed` is any other outcome than the first two. */
const LOOK_LEVELS = ['probe', 'census'] as const;
export const LOOK_OUTCOMES = ['success', 'skipped', 'failed'] as const;

/** How many findings, worst first, have a rank of their own. */
export const SUSPECT_RANKS = ['1', '2', '3', '4', '5'] as const;

// Each bucket costs a series for each kind of cycle. A minor cycle takes about 1 ms, a major one 5 to 500 ms.
const GC_BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5];
// A fork pauses for 4 to 120 ms, a snapshot in process for seconds.
const PAUSE_BUCKETS = [0.01, 0.05, 0.25, 1, 5];

/**
 * Every metric. In a cluster, figures of one process that have a limit of their own (heap) are joined to
 * the worst worker's, figures that add up on the host (memory outside the heap, counters) are summed.
 */
export const METRIC_TABLE = {
  leakwatch_build_info: {
    type: 'gauge',
    help: 'Always 1; the versions of leakwatch and Node.js are in the labels.',
    labels: { version: 'constant', node_version: 'constant' },
    aggregator: 'first',
  },
  leakwatch_watcher_state: {
    type: 'gauge',
    help: 'State of the watcher: 1 for the present one, 0 for the others.',
    labels: { state: WATCHER_STATES },
    aggregator: 'max',
  },
  leakwatch_watcher_start_timestamp_seconds: {
    type: 'gauge',
    help: 'When watching began, seconds since the Unix epoch.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_watcher_last_sample_timestamp_seconds: {
    type: 'gauge',
    help: 'When the latest heap sample was taken, seconds since the Unix epoch; 0 before the first.',
    labels: {},
    aggregator: 'min',
  },
  leakwatch_watcher_samples_total: {
    type: 'counter',
    help: 'Heap samples taken, at the end of GC cycles and on the timer.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_watcher_errors_total: {
    type: 'counter',
    help: 'Failures of background work by stage; watching went on.',
    labels: { stage: ERROR_STAGES },
    aggregator: 'sum',
  },
  leakwatch_watcher_cpu_seconds_total: {
    type: 'counter',
    help: 'CPU time of the watcher in this process, in forked children and in analysis processes.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_heap_used_bytes: {
    type: 'gauge',
    help: 'Used heap at the latest sample, garbage included; 0 before the first.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_heap_live_bytes: {
    type: 'gauge',
    help: 'Live heap: used bytes after the latest full GC; 0 before the first.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_heap_live_timestamp_seconds: {
    type: 'gauge',
    help: 'When the live heap was measured, seconds since the Unix epoch; 0 before the first full GC.',
    labels: {},
    aggregator: 'min',
  },
  leakwatch_heap_limit_bytes: {
    type: 'gauge',
    help: "V8's heap limit (--max-old-space-size and the young generation).",
    labels: {},
    aggregator: 'min',
  },
  leakwatch_memory_limit_bytes: {
    type: 'gauge',
    help: 'Memory limit of the container; +Inf when there is none.',
    labels: {},
    aggregator: 'min',
  },
  leakwatch_memory_available_bytes: {
    type: 'gauge',
    help: 'Memory that container or host have left; +Inf when unknown.',
    labels: {},
    aggregator: 'min',
  },
  leakwatch_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident set size of the process at the latest sample.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_array_buffers_bytes: {
    type: 'gauge',
    help: 'Memory of ArrayBuffers and Buffers, outside the heap; part of leakwatch_external_bytes.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_external_bytes: {
    type: 'gauge',
    help: 'Memory of C++ objects bound to JavaScript objects, outside the heap.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_malloced_bytes: {
    type: 'gauge',
    help: 'Memory that V8 itself took by malloc.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_native_contexts: {
    type: 'gauge',
    help: 'Top-level contexts (vm, realms); a rising count hints at a leak of contexts.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_detached_contexts: {
    type: 'gauge',
    help: 'Contexts that are no longer used but not collected; 0 in a healthy process.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_gc_duration_seconds: {
    type: 'histogram',
    help: 'Pauses of GC cycles by kind; every cycle since watching began.',
    labels: { kind: GC_KINDS },
    aggregator: 'sum',
    buckets: GC_BUCKETS,
  },
  leakwatch_gc_reclaimed_bytes_total: {
    type: 'counter',
    help: 'Bytes that GC cycles freed, by kind; cycles without exact figures count as 0.',
    labels: { kind: GC_KINDS },
    aggregator: 'sum',
  },
  leakwatch_heap_trend_bytes_per_second: {
    type: 'gauge',
    help: 'Slope of the live heap over the window (Theil-Sen); 0 while unknown.',
    labels: { window: TREND_WINDOWS },
    aggregator: 'max',
  },
  leakwatch_heap_exhaustion_timestamp_seconds: {
    type: 'gauge',
    help: 'When the live heap meets its limit at the present rate, seconds since the Unix epoch; +Inf when it does not.',
    labels: {},
    aggregator: 'min',
  },
  leakwatch_findings: {
    type: 'gauge',
    help: 'Findings known now, by kind and status; muted ones are left out.',
    labels: { kind: FINDING_KINDS, status: FINDING_STATUSES },
    aggregator: 'sum',
  },
  leakwatch_findings_opened_total: {
    type: 'counter',
    help: 'Findings that were opened since watching began, by kind.',
    labels: { kind: FINDING_KINDS },
    aggregator: 'sum',
  },
  leakwatch_findings_resolved_total: {
    type: 'counter',
    help: 'Findings that were resolved since watching began, by kind.',
    labels: { kind: FINDING_KINDS },
    aggregator: 'sum',
  },
  leakwatch_suspect_growth_bytes_per_second: {
    type: 'gauge',
    help: 'Growth of the open finding at this rank, worst first; names are in GET /ops/leaks only.',
    labels: { rank: SUSPECT_RANKS },
    aggregator: 'max',
  },
  leakwatch_captures_total: {
    type: 'counter',
    help: 'Captures of the heap graph, taken or not, by dumper, trigger and outcome.',
    labels: { dumper: DUMPER_NAMES, trigger: CAPTURE_TRIGGERS, outcome: CAPTURE_OUTCOMES },
    aggregator: 'sum',
    // Without a dumper there is nothing to do but skip.
    excludes: ({ dumper, outcome }) => dumper === 'none' && outcome !== 'skipped',
  },
  leakwatch_heap_looks_total: {
    type: 'counter',
    help: 'Captures without a graph: probes (size of the live heap) and censuses (its classes), by outcome.',
    labels: { rung: LOOK_LEVELS, outcome: LOOK_OUTCOMES },
    aggregator: 'sum',
  },
  leakwatch_capture_retries_total: {
    type: 'counter',
    help: 'Forked children that met a busy thread of V8 and were replaced by another, at all levels.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_capture_cpu_seconds_total: {
    type: 'counter',
    help: 'CPU time of forked children and analysis processes, at all levels.',
    labels: {},
    aggregator: 'sum',
  },
  leakwatch_capture_pause_seconds: {
    type: 'histogram',
    help: 'How long the service stood still for a capture, probes and censuses included; skipped ones are not in it.',
    labels: {},
    aggregator: 'sum',
    buckets: PAUSE_BUCKETS,
  },
  leakwatch_capture_duration_seconds: {
    type: 'gauge',
    help: 'The latest capture of a graph that was not skipped, from the decision to the end of its analysis.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_capture_peak_bytes: {
    type: 'gauge',
    help: 'The most memory the latest capture of a graph took in addition to the heap; 0 when unknown.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_analysis_duration_seconds: {
    type: 'gauge',
    help: 'Time the analysis process of the latest capture of a graph needed.',
    labels: {},
    aggregator: 'max',
  },
  leakwatch_analysis_nodes: {
    type: 'gauge',
    help: 'Objects in the snapshot of the latest capture that succeeded; of a sampled one, in the sample.',
    labels: {},
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof METRIC_TABLE;

export const METRIC_NAMES = Object.keys(METRIC_TABLE) as readonly MetricName[];

export function metricSpec(name: MetricName): MetricSpec {
  return METRIC_TABLE[name];
}

/** Every combination of label values the metric has a series for; one empty combination without labels; none where a label is constant. */
export function labelCombinations(spec: MetricSpec): readonly Readonly<Record<string, string>>[] {
  let combinations: Readonly<Record<string, string>>[] = [{}];
  for (const [label, values] of Object.entries(spec.labels)) {
    const listed = values === 'constant' ? [] : values;
    combinations = combinations.flatMap((combination) =>
      listed.map((value) => ({ ...combination, [label]: value })),
    );
  }
  return combinations.filter((combination) => spec.excludes?.(combination) !== true);
}
