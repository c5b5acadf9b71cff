import { stringify } from 'yaml';
import { GENERATED_NOTE } from './generated-note.js';

/** Folder of the runbooks in this package; `NAME.md` is added. */
const RUNBOOKS = 'docs/runbooks';

/** Every number of the alerts. Seconds where the name says so, Prometheus durations otherwise. */
export const THRESHOLDS = {
  /** A verdict that is withdrawn within this time raises no alert. */
  confirmedFor: '10m',
  /** Outlasts a scrape gap and a restart. */
  confirmedKeepFiringFor: '15m',
  /** Enough time to react in working hours, or to plan a restart. */
  exhaustionSeconds: 4 * 3600,
  /** Longer than a warm-up or a step tilts the slope. */
  exhaustionFor: '15m',
  exhaustionKeepFiringFor: '30m',
  /** 30 times the sampling period in production. */
  stalledSeconds: 300,
  stalledFor: '5m',
} as const;

export interface AlertSpec {
  readonly name: string;
  readonly severity: 'info' | 'warning' | 'critical';
  readonly expr: string;
  readonly for: string;
  readonly keepFiringFor: string | null;
  readonly summary: string;
  /** With the value, and where to look. */
  readonly description: string;
}

const LAST_SAMPLE_AGE = 'time() - leakwatch_watcher_last_sample_timestamp_seconds';

export const ALERTS: readonly AlertSpec[] = [
  {
    name: 'NodeMemoryLeakConfirmed',
    severity: 'warning',
    expr: 'leakwatch_findings{status="confirmed"} > 0',
    for: THRESHOLDS.confirmedFor,
    keepFiringFor: THRESHOLDS.confirmedKeepFiringFor,
    summary: '{{ $labels.instance }} leaks memory ({{ $labels.kind }}).',
    description:
      '{{ $value }} confirmed leak(s) of kind {{ $labels.kind }} in {{ $labels.instance }} of job {{ $labels.job }}. GET /ops/leaks on the instance names the growing objects, their holder and their rate.',
  },
  {
    name: 'NodeHeapExhaustionSoon',
    severity: 'warning',
    expr: `leakwatch_heap_exhaustion_timestamp_seconds - time() < ${THRESHOLDS.exhaustionSeconds}`,
    for: THRESHOLDS.exhaustionFor,
    keepFiringFor: THRESHOLDS.exhaustionKeepFiringFor,
    summary: '{{ $labels.instance }} runs out of memory within hours.',
    description:
      "At the present rate the live heap of {{ $labels.instance }} of job {{ $labels.job }} reaches its limit (V8's or the container's) in {{ $value | humanizeDuration }}, and the process dies. GET /ops/leaks on the instance shows what grows.",
  },
  {
    name: 'LeakWatcherStalled',
    severity: 'warning',
    // A watcher pauses on purpose; a failed one alerts even if its last sample is recent.
    expr: [
      `(${LAST_SAMPLE_AGE} > ${THRESHOLDS.stalledSeconds}`,
      '  unless ignoring (state) leakwatch_watcher_state{state="paused"} == 1)',
      'or',
      `(${LAST_SAMPLE_AGE}`,
      '  and ignoring (state) leakwatch_watcher_state{state="failed"} == 1)',
    ].join('\n'),
    for: THRESHOLDS.stalledFor,
    keepFiringFor: null,
    summary: '{{ $labels.instance }} is not watched for leaks.',
    description:
      'The watcher in {{ $labels.instance }} of job {{ $labels.job }} {{ if gt $value 1e9 }}has never taken a sample{{ else }}took its last sample {{ $value | humanizeDuration }} ago{{ end }}, or it has failed. Leaks there go unnoticed. GET /ops/leaks gives its state and the reason.',
  },
];

/** Replaces the waiting times of all alerts, for tests that cannot wait. `keepFiringFor: null` leaves them without. */
export interface RuleTimes {
  readonly for: string;
  readonly keepFiringFor: string | null;
}

/**
 * The rule file for Prometheus, YAML. With `runbooks`, the address of a folder, each alert links its page there
 * (`runbook_url`); without, it names the file in this package (`runbook`), since where that is served is not known here.
 */
export function renderRules({
  runbooks,
  times,
}: {
  runbooks?: string | undefined;
  times?: RuleTimes;
} = {}): string {
  const rules = ALERTS.map((alert) => rule({ ...alert, ...times }, runbooks));
  return `# ${GENERATED_NOTE}\n${stringify({ groups: [{ name: 'leakwatch', rules }] }, { lineWidth: 0 })}`;
}

function rule(alert: AlertSpec, runbooks: string | undefined): object {
  const page = `${runbooks?.replace(/\/$/, '') ?? RUNBOOKS}/${alert.name}.md`;
  return {
    alert: alert.name,
    expr: alert.expr,
    for: alert.for,
    ...(alert.keepFiringFor === null ? {} : { keep_firing_for: alert.keepFiringFor }),
    labels: { severity: alert.severity },
    annotations: {
      summary: alert.summary,
      description: alert.description,
      [runbooks === undefined ? 'runbook' : 'runbook_url']: page,
    },
  };
}
