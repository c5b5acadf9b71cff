import {
  BytesPerSecondSI,
  BytesSI,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { ofInstance, RATE, type RowSpec } from './panel-spec.js';

const SUSPECTS: RowSpec = {
  title: 'Suspects',
  panels: [
    {
      kind: 'lines',
      title: 'Growth by rank',
      description:
        'Growth of the five worst open findings. Labels contain no names from the heap: GET /ops/leaks lists the findings in the same order.',
      unit: BytesPerSecondSI,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_suspect_growth_bytes_per_second'), legend: 'rank {{rank}}' }],
    },
    {
      kind: 'lines',
      title: 'Findings',
      description: 'Number of findings, by kind and status.',
      unit: Short,
      width: 8,
      queries: [
        {
          expr: `${ofInstance('leakwatch_findings')} > 0`,
          legend: '{{kind}} {{status}}',
          mayBeEmpty: 'no finding yet',
        },
      ],
    },
    {
      kind: 'bars',
      title: 'Opened and resolved',
      description: 'Findings opened and resolved in each interval, by kind.',
      unit: Short,
      width: 8,
      queries: [
        {
          expr: `sum by (kind) (increase(${ofInstance('leakwatch_findings_opened_total')}${RATE}))`,
          legend: '{{kind}} opened',
        },
        {
          expr: `sum by (kind) (increase(${ofInstance('leakwatch_findings_resolved_total')}${RATE}))`,
          legend: '{{kind}} resolved',
        },
      ],
    },
  ],
};

const CAPTURES: RowSpec = {
  title: 'Captures',
  panels: [
    {
      kind: 'bars',
      title: 'Captures by outcome',
      description: 'Captures of the heap graph, taken and skipped. GET /ops/leaks gives the reason for each.',
      unit: Short,
      width: 8,
      queries: [
        {
          expr: `sum by (dumper, outcome) (increase(${ofInstance('leakwatch_captures_total')}${RATE}))`,
          legend: '{{dumper}} {{outcome}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Pause of a capture',
      description:
        'How long captures, probes and censuses paused the service: the mean, and the upper bound of the bucket of the longest one.',
      unit: Seconds,
      width: 8,
      queries: [
        {
          expr: `rate(${ofInstance('leakwatch_capture_pause_seconds_sum')}${RATE}) / (rate(${ofInstance('leakwatch_capture_pause_seconds_count')}${RATE}) > 0)`,
          legend: 'mean',
          mayBeEmpty: 'no capture in the interval',
        },
        {
          expr: `histogram_quantile(1, sum by (le) (rate(${ofInstance('leakwatch_capture_pause_seconds_bucket')}${RATE}) > 0))`,
          legend: 'longest, at most',
          mayBeEmpty: 'no capture in the interval',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Duration of the latest capture',
      description:
        'From the decision to the end of the analysis, and the part that the analysis process took. The service runs meanwhile.',
      unit: Seconds,
      width: 8,
      queries: [
        { expr: ofInstance('leakwatch_capture_duration_seconds'), legend: 'capture' },
        { expr: ofInstance('leakwatch_analysis_duration_seconds'), legend: 'analysis' },
      ],
    },
    {
      kind: 'lines',
      title: 'Memory of the latest capture',
      description: 'Peak memory of the latest capture, in addition to the heap; 0 if unknown.',
      unit: BytesSI,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_capture_peak_bytes'), legend: 'peak' }],
    },
    {
      kind: 'lines',
      title: 'Objects in the latest graph',
      description:
        'Objects in the snapshot of the latest successful capture; for a sampled one, objects in the sample.',
      unit: Short,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_analysis_nodes'), legend: 'objects' }],
    },
    {
      kind: 'bars',
      title: 'Probes, censuses and retries',
      description:
        'A probe measures the size of the live heap, a census counts its classes; neither is a graph. A retry replaces a forked child that caught a V8 thread at work; some are normal.',
      unit: Short,
      width: 8,
      queries: [
        {
          expr: `sum by (rung, outcome) (increase(${ofInstance('leakwatch_heap_looks_total')}${RATE}))`,
          legend: '{{rung}} {{outcome}}',
        },
        {
          expr: `increase(${ofInstance('leakwatch_capture_retries_total')}${RATE})`,
          legend: 'retries',
        },
      ],
    },
  ],
};

const COST: RowSpec = {
  title: 'Own cost and health',
  panels: [
    {
      kind: 'lines',
      title: 'CPU of the watcher',
      description:
        'Share of one core that leakwatch uses: in total, and only for captures (forked children and analysis processes).',
      unit: PercentUnit,
      width: 8,
      queries: [
        { expr: `rate(${ofInstance('leakwatch_watcher_cpu_seconds_total')}${RATE})`, legend: 'all' },
        { expr: `rate(${ofInstance('leakwatch_capture_cpu_seconds_total')}${RATE})`, legend: 'captures' },
      ],
    },
    {
      kind: 'lines',
      title: 'Samples and errors per second',
      description:
        'Samples are taken at each GC and by a timer. Errors in background work are counted by stage; they do not stop the watcher.',
      unit: Short,
      width: 8,
      queries: [
        { expr: `rate(${ofInstance('leakwatch_watcher_samples_total')}${RATE})`, legend: 'samples' },
        {
          expr: `sum by (stage) (rate(${ofInstance('leakwatch_watcher_errors_total')}${RATE}))`,
          legend: 'errors: {{stage}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Age of the latest measurements',
      description:
        'Time since the latest sample, and since the latest measurement of the live heap. An idle service rarely runs a full GC, so the latter may reach an hour.',
      unit: Seconds,
      width: 8,
      queries: [
        {
          expr: `time() - (${ofInstance('leakwatch_watcher_last_sample_timestamp_seconds')} > 0)`,
          legend: 'sample',
        },
        {
          expr: `time() - (${ofInstance('leakwatch_heap_live_timestamp_seconds')} > 0)`,
          legend: 'live heap',
          mayBeEmpty: 'no full GC yet',
        },
      ],
    },
  ],
};

/** What the watcher found, how it captures, and what it costs. */
export const WATCHER_ROWS: readonly RowSpec[] = [SUSPECTS, CAPTURES, COST];
