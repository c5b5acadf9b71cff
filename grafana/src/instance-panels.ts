import {
  BytesPerSecondSI,
  BytesSI,
  DurationSeconds,
  PercentUnit,
  Seconds,
  Short,
} from '@grafana/grafana-foundation-sdk/units';
import { THRESHOLDS } from './alerts.js';
import { ofInstance, RATE, type RowSpec } from './panel-spec.js';
import { WATCHER_ROWS } from './watcher-panels.js';

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
        'Used heap includes garbage, so it goes up and down and says little. A leak raises the live heap, which is the heap after a full GC. The prediction shows the live heap in one hour at the rate of the medium window.',
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

/** The memory of one process, then the work of its watcher. */
export const INSTANCE_ROWS: readonly RowSpec[] = [VERDICT, HEAP, OUTSIDE, GC, ...WATCHER_ROWS];
