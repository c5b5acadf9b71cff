import {
  BytesIEC,
  BytesPerSecondIEC,
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
        'What the watcher is doing. learning: too early to judge; suspected or confirmed: at least one finding has that status; paused and failed: nothing is being watched.',
      unit: Short,
      width: 4,
      showName: true,
      queries: [{ expr: `${ofInstance('leakwatch_watcher_state')} == 1`, legend: '{{state}}' }],
    },
    {
      kind: 'stat',
      title: 'Confirmed leaks',
      description:
        'Findings that grew at every observation for the minimum time. GET /ops/leaks on the instance names what grows and who holds it.',
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
        'Findings with too little evidence yet, or whose owner has a bound that will stop them. No reason to act.',
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
      description: "Time until the live heap meets its limit, V8's or the container's, at the present rate.",
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
          mayBeEmpty: 'a heap that does not grow has no end in sight',
        },
      ],
    },
    {
      kind: 'stat',
      title: 'Growth',
      description: 'Slope of the live heap over the medium window (an hour in production).',
      unit: BytesPerSecondIEC,
      width: 4,
      queries: [
        { expr: ofInstance('leakwatch_heap_trend_bytes_per_second', 'window="medium"'), legend: 'growth' },
      ],
    },
    {
      kind: 'stat',
      title: 'Live heap of limit',
      description:
        "Live heap after the latest full collection as a part of V8's heap limit. Near 100 % the process spends its time collecting and then aborts.",
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
        'Used heap goes up and down with garbage and says little. Live heap, what a full collection leaves, is what a leak raises. The prediction is the live heap one hour ahead at the rate of the medium window.',
      unit: BytesIEC,
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
        'Theil-Sen slope by window. A leak raises all windows; a step or a warm-up raises the short one for a while.',
      unit: BytesPerSecondIEC,
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
        'Buffers and other memory held by JavaScript objects but not in the heap. When this grows and the heap does not, look for Buffers that are kept.',
      unit: BytesIEC,
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
        'Resident memory against what the container allows. When it nears the container limit before the heap limit, the kernel kills the process without a word from V8.',
      unit: BytesIEC,
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
        'Contexts of vm and realms. Detached ones were given up but are still held; more than 0 for long is a leak.',
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
        'Part of each second the main thread stood still for collections, by kind. Above a quarter the process is thrashing.',
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
      description: 'How many collections paused for how long. Every cycle is counted.',
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
      description:
        'Bytes a second that collections gave back, by kind: the rate at which the service makes garbage.',
      unit: BytesPerSecondIEC,
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
        'Growth of the five worst open findings. Labels hold no names from the heap: GET /ops/leaks lists the findings in the same order.',
      unit: BytesPerSecondIEC,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_suspect_growth_bytes_per_second'), legend: 'rank {{rank}}' }],
    },
    {
      kind: 'lines',
      title: 'Findings',
      description: 'Findings known, by kind and status.',
      unit: Short,
      width: 8,
      queries: [
        {
          expr: `${ofInstance('leakwatch_findings')} > 0`,
          legend: '{{kind}} {{status}}',
          mayBeEmpty: 'nothing was ever found',
        },
      ],
    },
    {
      kind: 'bars',
      title: 'Opened and resolved',
      description: 'Findings that were opened and resolved, by kind.',
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
      description: 'Captures of the heap graph, taken and skipped. GET /ops/leaks gives the reason of each.',
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
        'How long the service stood still for a capture, a probe or a census: the mean, and the upper bound of the bucket the longest one is in.',
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
        'From the decision to the end of the analysis, and the part the analysis process took. The service runs on meanwhile.',
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
      description: 'The most memory the latest capture took beside the heap; 0 when unknown.',
      unit: BytesIEC,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_capture_peak_bytes'), legend: 'peak' }],
    },
    {
      kind: 'lines',
      title: 'Objects in the latest graph',
      description:
        'Objects in the snapshot of the latest capture that succeeded; of a sampled one, in the sample.',
      unit: Short,
      width: 8,
      queries: [{ expr: ofInstance('leakwatch_analysis_nodes'), legend: 'objects' }],
    },
    {
      kind: 'bars',
      title: 'Probes, censuses and retries',
      description:
        'Looks at the heap that are no graphs: its size and its classes. A retry is a forked child that met a thread of V8 at work; some are normal.',
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
        'Part of one core that watching takes, forked children and analysis processes included; and these alone.',
      unit: PercentUnit,
      width: 8,
      queries: [
        { expr: `rate(${ofInstance('leakwatch_watcher_cpu_seconds_total')}${RATE})`, legend: 'all' },
        { expr: `rate(${ofInstance('leakwatch_capture_cpu_seconds_total')}${RATE})`, legend: 'captures' },
      ],
    },
    {
      kind: 'lines',
      title: 'Samples and errors a second',
      description:
        'Samples follow garbage collections and a timer. Errors of background work are counted by stage; the watching goes on.',
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
      title: 'Age of what is known',
      description:
        'Time since the latest sample and since the live heap was last measured. A quiet service collects seldom, so the second may grow for an hour.',
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
          mayBeEmpty: 'no full collection yet',
        },
      ],
    },
  ],
};

export const INSTANCE_ROWS: readonly RowSpec[] = [VERDICT, HEAP, OUTSIDE, GC, SUSPECTS, CAPTURES, COST];
