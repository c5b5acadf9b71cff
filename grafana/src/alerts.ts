import { stringify } from 'yaml';
import { GENERATED_NOTE } from './generated-note.js';

/** Where the page behind an alert lies; `NAME.md` is added. */
export const RUNBOOK_BASE = 'https://github.com/leakwatch/leakwatch/blob/main/docs/runbooks/';

/** Every number of the alerts. Seconds where the name says so, Prometheus durations otherwise. */
export const THRESHOLDS = {
  /** A verdict that is taken back within this time pages nobody. */
  confirmedFor: '10m',
  /** Outlasts a scrape gap and a restart. */
  confirmedKeepFiringFor: '15m',
  /** Time enough to look in working hours, or to plan a restart. */
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
  /** With the value, and what to look at. */
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
      '{{ $value }} confirmed leak(s) of kind {{ $labels.kind }} in {{ $labels.instance }} of job {{ $labels.job }}. GET /ops/leaks on the instance names what grows, what holds it and how fast.',
  },
  {
    name: 'NodeHeapExhaustionSoon',
    severity: 'warning',
    expr: `leakwatch_heap_exhaustion_timestamp_seconds - time() < ${THRESHOLDS.exhaustionSeconds}`,
    for: THRESHOLDS.exhaustionFor,
    keepFiringFor: THRESHOLDS.exhaustionKeepFiringFor,
    summary: '{{ $labels.instance }} runs out of memory within hours.',
    description:
      "At the present rate the live heap of {{ $labels.instance }} of job {{ $labels.job }} meets its limit (V8's or the container's) in {{ $value | humanizeDuration }}; the process is lost then. GET /ops/leaks on the instance shows what grows.",
  },
  {
    name: 'LeakWatcherStalled',
    severity: 'warning',
    // A paused watcher said so on purpose; a failed one will not come back by itself, however fresh its last sample is.
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
      'The watcher in {{ $labels.instance }} of job {{ $labels.job }} took its last sample {{ if gt $value 1e9 }}never{{ else }}{{ $value | humanizeDuration }} ago{{ end }}, or it has failed. Leaks there go unseen. GET /ops/leaks gives its state and the reason.',
  },
];

/** Replaces the waiting times of all alerts, for tests that cannot wait. `keepFiringFor: null` leaves them without. */
export interface RuleTimes {
  readonly for: string;
  readonly keepFiringFor: string | null;
}

/** The rule file for Prometheus, YAML. */
export function renderRules(times?: RuleTimes): string {
  const rules = ALERTS.map((alert) => rule(times === undefined ? alert : { ...alert, ...times }));
  return `# ${GENERATED_NOTE}\n${stringify({ groups: [{ name: 'leakwatch', rules }] }, { lineWidth: 0 })}`;
}

function rule(alert: AlertSpec): object {
  return {
    alert: alert.name,
    expr: alert.expr,
    for: alert.for,
    ...(alert.keepFiringFor === null ? {} : { keep_firing_for: alert.keepFiringFor }),
    labels: { severity: alert.severity },
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: `${RUNBOOK_BASE}${alert.name}.md`,
    },
  };
}
