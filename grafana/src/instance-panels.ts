import {
  BytesPerSecondSI,
  BytesSI,
  DurationSeconds,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { THRESHOLDS } from './alerts.js';
import { ofInstance, type RowSpec } from './panel-spec.js';

const RATE = '[$__rate_interval]';

const VERDICT: RowSpec = {
  title: 'Verdict',
  panels: [
    {
      kind: 'stat',
      title: 'State',
      description:
        'State of the watcher. learning: too early to judge; suspected or confirmed: at least one finding has that status; paused or failed: nothing is watched.',
      unit: Short,
      width: 4,
      showName: true,
      queries: [{ expr: `${ofInstance('leakwatch_watcher_state')} == 1`, legend: '{{state}}' }],
    },
    {
      kind: 'stat',
      title: 'Confirmed leaks',
      description:
        'Findings that grew at every observation for the minimum time. GET /ops/leaks on the instance names the growing objects and their holder.',
      unit: Short,
      width: 4,
      thresholds: [
        { from: null, color: 'green' },
        { from: 1, color: 'red' },
      ],
      queries: [
        { expr: `sum(${ofInstance('leakwatch_findings', 'status="confirmed"')})`, legend: 'confirmed' },
      ],
    },
    {
      kind: 'stat',
      title: 'Suspected leaks',
      description:
        'Findings with too little evidence so far, or whose owner has a bound that will stop the growth. No need to act.',
      unit: Short,
      width: 4,
      thresholds: [
        { from: null, color: 'green' },
        { from: 1, color: 'yellow' },
      ],
      queries: [
        { expr: `sum(${ofInstance('leakwatch_findings', 'status="suspected"')})`, legend: 'suspected' },
      ],
    },
    {
      kind: 'stat',
      title: 'Limit reached in',
      description:
        "Time until the live heap reaches its limit (V8's or the container's) at the present rate.",
      unit: DurationSeconds,
      width: 4,
      noValue: 'not in sight',
      thresholds: [
        { from: null, color: 'red' },
        { from: THRESHOLDS.exhaustionSeconds, color: 'orange' },
        { from: 6 * THRESHOLDS.exhaustionSeconds, color: 'green' },
      ],
      queries: [
        {
          expr: `(${ofInstance('leakwatch_heap_exhaustion_timestamp_seconds')} < Inf) - time()`,
          legend: 'time left',
          mayBeEmpty: 'a heap that does not grow never reaches its limit',
        },
      ],
    },
    {
      kind: 'stat',
      title: 'Growth',
      description: 'Slope of the live heap over the medium window (an hour in production).',
      unit: BytesPerSecondSI,
      width: 4,
      queries: [
        { expr: ofInstance('leakwatch_heap_trend_bytes_per_second', 'window="medium"'), legend: 'growth' },
      ],
    },
    {
      kind: 'stat',
      title: 'Live heap / limit',
      description:
        "Live heap after the latest full GC as a share of V8's heap limit. Near 100 % the process spends its time in GC and then aborts.",
      unit: PercentUnit,
      width: 4,
      thresholds: [
        { from: null, color: 'green' },
        { from: 0.7, color: 'orange' },
        { from: 0.9, color: 'red' },
      ],
      queries: [
        {
          expr: `${ofInstance('leakwatch_heap_live_bytes')} / ${ofInstance('leakwatch_heap_limit_bytes')}`,
          legend: 'live / limit',
        },
      ],
    },
  ],
};

const HEAP: RowSpec = {
  title: 'Heap',
  panels: [
    {
      kind: 'lines',
      title: 'Heap: used, live and limit',
      description:
        'Used heap includes garbage, so it goes up and down and says little. A leak raises the live heap, which is the heap after a full GC. The prediction is the live heap in one hour at the rate of the medium window.',
      unit: BytesSI,
      width: 16,
      queries: [
        { expr: ofInstance('leakwatch_heap_used_bytes'), legend: 'used' },
        { expr: ofInstance('leakwatch_heap_live_bytes'), legend: 'live' },
        { expr: ofInstance('leakwatch_heap_limit_bytes'), legend: 'limit' },
        {
          expr: `clamp_min(${ofInstance('leakwatch_heap_live_bytes')} + ignoring (window) ${ofInstance('leakwatch_heap_trend_bytes_per_second', 'window="medium"')} * 3600, 0)`,
          legend: 'live in one hour',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Slope of the live heap',
      description:
        'Theil-Sen slope per window. A leak raises all windows; a step or a warm-up raises the short one for a while.',
      unit: BytesPerSecondSI,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_heap_trend_bytes_per_second'), legend: '{{window}}' }],
    },
  ],
};

const OUTSIDE: RowSpec = {
  title: 'Outside the heap',
  panels: [
    {
      kind: 'lines',
      title: 'Memory outside the heap',
      description:
        'Buffers and other memory outside the heap that JavaScript objects hold. If this grows and the heap does not, look for Buffers that are never released.',
      unit: BytesSI,
      width: 8,
      queries: [
        { expr: ofInstance('leakwatch_external_bytes'), legend: 'external' },
        { expr: ofInstance('leakwatch_array_buffers_bytes'), legend: 'array buffers' },
        { expr: ofInstance('leakwatch_malloced_bytes'), legend: 'malloced by V8' },
      ],
    },
    {
      kind: 'lines',
      title: 'Process and container',
      description:
        "Resident memory and the container's limit. If the container limit comes before the heap limit, the kernel kills the process, and V8 prints no message.",
      unit: BytesSI,
      width: 8,
      queries: [
        { expr: ofInstance('leakwatch_resident_memory_bytes'), legend: 'resident' },
        {
          expr: `${ofInstance('leakwatch_memory_available_bytes')} < Inf`,
          legend: 'available',
          mayBeEmpty: 'unknown outside Linux',
        },
        {
          expr: `${ofInstance('leakwatch_memory_limit_bytes')} < Inf`,
          legend: 'container limit',
          mayBeEmpty: 'no container limit',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Contexts',
      description:
        'Contexts of vm and realms. Detached contexts are no longer in use but still held; more than 0 for long is a leak.',
      unit: Short,
      width: 8,
      queries: [
        { expr: ofInstance('leakwatch_native_contexts'), legend: 'contexts' },
        { expr: ofInstance('leakwatch_detached_contexts'), legend: 'detached' },
      ],
    },
  ],
};

const GC: RowSpec = {
  title: 'Garbage collection',
  panels: [
    {
      kind: 'lines',
      title: 'Time in garbage collection',
      description:
        'Share of time that the main thread is paused for GC, by kind. Above 25 % the process is thrashing.',
      unit: PercentUnit,
      width: 8,
      queries: [
        {
          expr: `sum by (kind) (rate(${ofInstance('leakwatch_gc_duration_seconds_sum')}${RATE}))`,
          legend: '{{kind}}',
        },
      ],
    },
    {
      kind: 'heatmap',
      title: 'Pauses',
      description: 'Number of GC pauses by length. Every GC cycle counts.',
      unit: Seconds,
      width: 8,
      queries: [
        {
          expr: `sum by (le) (increase(${ofInstance('leakwatch_gc_duration_seconds_bucket')}${RATE}))`,
          legend: '{{le}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Reclaimed',
      description: 'Bytes per second that GC frees, by kind: the rate at which the service produces garbage.',
      unit: BytesPerSecondSI,
      width: 8,
      queries: [
        {
          expr: `sum by (kind) (rate(${ofInstance('leakwatch_gc_reclaimed_bytes_total')}${RATE}))`,
          legend: '{{kind}}',
        },
      ],
    },
  ],
};

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
        'Share of one core that leakwatch uses: in all, and for captures (forked children and analysis processes) alone.',
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

export const INSTANCE_ROWS: readonly RowSpec[] = [VERDICT, HEAP, OUTSIDE, GC, SUSPECTS, CAPTURES, COST];
