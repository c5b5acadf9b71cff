import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import type { AnalysisEnding } from '../../src/analysis/analysis-outcome.js';
import {
  CAPTURE_CAUSES,
  CAPTURE_LEVELS,
  CAPTURE_OUTCOMES,
  type CaptureCause,
  DUMPER_NAMES,
} from '../../src/capture/capture-record.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import { GRAPH_ROOTS, GRAPH_WRITERS } from '../../src/capture/graph-source.js';
import { type EvidenceRule, FINDING_STATUSES } from '../../src/findings/finding.js';
import { FINDING_KINDS } from '../../src/mechanisms/mechanism-row.js';
import { MECHANISM_NAMES } from '../../src/mechanisms/mechanisms.js';
import { type Report, SCHEMA_VERSION, WATCHER_STATES } from '../../src/report/report.js';
import type { SkipReason } from '../../src/trigger/capture-decision.js';
import { CAPTURE_TRIGGERS } from '../../src/trigger/capture-trigger.js';
import type { StateReason } from '../../src/wording/state-text.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const DOCUMENT = readFileSync(join(ROOT, 'docs', 'report-schema.md'), 'utf8');

/** The shape of a type as a value, so that the compiler refuses `REPORT` below when it is not that of the report. */
type Shape<T> = [null] extends [T]
  ? { readonly orNull: Shape<Exclude<T, null>> }
  : [T] extends [string]
    ? 'string'
    : [T] extends [number]
      ? 'number'
      : [T] extends [boolean]
        ? 'boolean'
        : [T] extends [readonly (infer E)[]]
          ? { readonly each: Shape<E> }
          : string extends keyof T
            ? 'number by name'
            : { readonly [K in keyof T]-?: object extends Pick<T, K> ? Absent<T[K]> : Shape<T[K]> };
interface Absent<T> {
  readonly orAbsent: Shape<Exclude<T, undefined>>;
}

const DECISION = { at: 'string', by: 'string', reason: 'string' } as const;
const PLACE = { function: 'string', url: 'string', line: 'number', column: 'number' } as const;
const FRAME = { ...PLACE, package: { orNull: 'string' } } as const;

const REPORT: Shape<Report> = {
  schemaVersion: 'number',
  process: { pid: 'number', nodeVersion: 'string', startedAt: 'string', threadId: 'number' },
  watcher: {
    state: 'string',
    reason: 'string',
    reasonCode: 'string',
    detail: 'string',
    since: 'string',
    gcSource: 'string',
    dumper: 'string',
    pace: 'string',
    captures: {
      each: {
        id: 'string',
        at: 'string',
        dumper: 'string',
        rung: 'string',
        trigger: 'string',
        outcome: 'string',
        reason: { orNull: 'string' },
        cause: { orNull: 'string' },
        pauseMs: 'number',
        durationMs: 'number',
        analysisMs: 'number',
        cpuSeconds: 'number',
        peakBytes: 'number',
        nodes: 'number',
        retries: 'number',
        writer: { orNull: 'string' },
        roots: { orNull: 'string' },
        writerReason: { orNull: 'string' },
      },
    },
    cost: { cpuSeconds: 'number' },
  },
  heap: {
    at: { orNull: 'string' },
    liveBytes: 'number',
    limitBytes: 'number',
    rssBytes: 'number',
    externalBytes: 'number',
    trend: { bytesPerSecond: 'number', low: 'number', high: 'number', windowMs: 'number' },
    secondsToLimit: { orNull: 'number' },
    secondsToLimitRange: { orNull: { low: 'number', high: { orNull: 'number' } } },
  },
  findings: {
    each: {
      id: 'string',
      status: 'string',
      kind: 'string',
      title: 'string',
      reasons: { each: 'string' },
      evidence: {
        each: {
          rule: 'string',
          speaksFor: 'boolean',
          numbers: 'number by name',
          untilWhat: { orNull: 'string' },
        },
      },
      muted: 'boolean',
      muting: { orNull: DECISION },
      acknowledgement: { orNull: DECISION },
      confidence: 'number',
      firstSeen: 'string',
      lastSeen: 'string',
      confirmedAt: { orNull: 'string' },
      className: 'string',
      retainerPath: { each: { edge: 'string', edgeType: 'string', node: 'string', nodeType: 'string' } },
      growth: {
        bytesPerSecond: 'number',
        objectsPerSecond: 'number',
        bytesPerRequest: { orNull: 'number' },
        shareOfGrowth: 'number',
        bytesScaled: 'boolean',
        steps: { each: { at: 'string', count: 'number', bytes: 'number' } },
      },
      allocationSites: {
        each: { ...FRAME, liveBytes: 'number', growthBytes: 'number', callers: { each: FRAME } },
      },
      fields: { each: 'string' },
      mechanism: { orNull: 'string' },
      package: { orNull: { name: 'string', version: { orNull: 'string' } } },
      locations: { each: PLACE },
      yours: { orNull: PLACE },
      alsoHeldBy: { each: 'string' },
      bound: {
        orNull: {
          source: 'string',
          name: { orNull: 'string' },
          limit: 'number',
          unit: 'string',
          holders: { orAbsent: 'number' },
          full: { orAbsent: 'number' },
        },
      },
      expiry: {
        orNull: {
          name: 'string',
          lifetimeMs: { orNull: 'number' },
          oldestEndMs: { orNull: 'number' },
          sweepMs: { orAbsent: 'number' },
        },
      },
      secondsToLimit: { orNull: 'number' },
    },
  },
};

/** The compiler refuses a list that is not complete. */
const EVIDENCE_RULES: Readonly<Record<EvidenceRule, true>> = {
  persistence: true,
  duration: true,
  share: true,
  amount: true,
  bound: true,
  expiry: true,
  'levelling-off': true,
  'past-peak': true,
  traffic: true,
  'in-flight': true,
  'weak-references': true,
  'allocation-sites': true,
  series: true,
  settled: true,
  'seen-before': true,
};

/** The compiler refuses a cause that nothing has; the source does so for one that is missing. */
const CAUSES: readonly (
  | SkipReason['code']
  | DumpFailure['cause']
  | AnalysisEnding['cause']
  | 'step-failed'
)[] = CAPTURE_CAUSES;
/** Codes of the watcher's state with which no capture is skipped. */
const STATE_CODES: readonly Exclude<StateReason['code'], CaptureCause>[] = [
  'started',
  'trend-unknown',
  'leak-suspected',
  'leak-confirmed',
  'sampling-failed',
  'census',
];

it('docs/report-schema.md has a row for every field of a report, with its type and when it is null, and no other', () => {
  const rows = [
    ...DOCUMENT.matchAll(/^\| `([\w.[\]]+)` \| ([\w ]+) \| (no|null|absent) \| [^|]*\S[^|]* \|$/gm),
  ];
  const documented = rows.map(([, field, type, missing]) => `${field}: ${type}, ${missing}`);
  assert.deepEqual(documented.toSorted(), rowsOf('', REPORT, 'no').toSorted());
});

it('docs/report-schema.md lists the values of fields that have few', () => {
  for (const [field, values] of Object.entries({
    'watcher.state': WATCHER_STATES,
    'watcher.captures[].dumper': DUMPER_NAMES,
    'watcher.captures[].rung': CAPTURE_LEVELS,
    'watcher.captures[].trigger': CAPTURE_TRIGGERS,
    'watcher.captures[].outcome': CAPTURE_OUTCOMES,
    'watcher.captures[].writer': GRAPH_WRITERS,
    'watcher.captures[].roots': GRAPH_ROOTS,
    'findings[].status': FINDING_STATUSES,
    'findings[].kind': FINDING_KINDS,
    'findings[].mechanism': MECHANISM_NAMES,
    'findings[].evidence[].rule': Object.keys(EVIDENCE_RULES),
  })) {
    const [, listed] = DOCUMENT.split('\n')
      .filter((line) => line.startsWith('| ') && line.includes(`\`${field}\``))
      .map((line) => line.split(' | '))
      .find((cells) => cells.length === 2)!;
    assert.deepEqual(
      [...listed!.matchAll(/`([^`]+)`/g)].map(([, value]) => value),
      [...values],
      field,
    );
  }
});

it('docs/report-schema.md lists every cause of a capture that was skipped or failed, and no other', () => {
  const listed = DOCUMENT.split('\n')
    .map((line) => line.split(' | '))
    .filter(([what]) => /watcher.reasonCode` \(|^\| of `(dump|analysis)-failed/.test(what!))
    .flatMap(([, values]) => [...values!.matchAll(/`([^`]+)`/g)].map(([, value]) => value!));
  const known = new Set<string>([...CAUSES, ...STATE_CODES]);
  assert.deepEqual([...new Set(listed)].toSorted(), [...known].toSorted());
});

it('docs/report-schema.md describes the present version of the schema, the first row of its changes', () => {
  assert.ok(DOCUMENT.includes(`describes \`schemaVersion\` ${SCHEMA_VERSION}`));
  assert.equal(/^## Changes[\s\S]*?^\| (\d+) \|/m.exec(DOCUMENT)?.[1], String(SCHEMA_VERSION));
});

/** The rows that the page must have for a field of this shape: itself, unless it only groups others, and all below it. */
function rowsOf(field: string, shape: unknown, missing: 'no' | 'null' | 'absent'): string[] {
  if (typeof shape === 'string') return [`${field}: ${shape}, ${missing}`];
  const parts = shape as Readonly<Record<string, unknown>>;
  if ('orNull' in parts) return rowsOf(field, parts['orNull'], 'null');
  if ('orAbsent' in parts) return rowsOf(field, parts['orAbsent'], 'absent');
  if ('each' in parts) {
    const { each } = parts;
    return typeof each === 'string'
      ? [`${field}: list of ${each}, ${missing}`]
      : [`${field}: list, ${missing}`, ...rowsOf(`${field}[]`, each, 'no')];
  }
  const below = Object.entries(parts).flatMap(([name, part]) =>
    rowsOf(field === '' ? name : `${field}.${name}`, part, 'no'),
  );
  return missing === 'no' ? below : [`${field}: object, ${missing}`, ...below];
}
