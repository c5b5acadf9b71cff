import { z } from 'zod';
import {
  CAPTURE_CAUSES,
  CAPTURE_LEVELS,
  CAPTURE_OUTCOMES,
  DUMPER_NAMES,
} from '../../capture/capture-record.js';
import { GRAPH_ROOTS, GRAPH_WRITERS } from '../../capture/graph-source.js';
import { FINDING_STATUSES, type Finding } from '../../findings/finding.js';
import { FINDING_KINDS } from '../../mechanisms/mechanism-row.js';
import { MECHANISM_NAMES } from '../../mechanisms/mechanisms.js';
import { SCHEMA_VERSION, WATCHER_STATES } from '../../report/report.js';
import { CAPTURE_TRIGGERS } from '../../trigger/capture-trigger.js';
import { count, list, share, time } from './values.js';

const location = {
  function: z.string(),
  url: z.string(),
  line: z.number(),
  column: z.number(),
};
const frame = { ...location, package: z.string().nullable() };

const EVIDENCE = z.strictObject({
  rule: z.enum([
    'persistence',
    'duration',
    'share',
    'amount',
    'bound',
    'expiry',
    'levelling-off',
    'past-peak',
    'traffic',
    'in-flight',
    'weak-references',
    'allocation-sites',
    'series',
    'settled',
    'seen-before',
  ]),
  speaksFor: z.boolean(),
  numbers: z.record(z.string(), z.number()),
  untilWhat: z.string().nullable(),
});

export const SERIES = list(z.strictObject({ at: time, count: z.number(), bytes: z.number() }));

const GROWTH = z.strictObject({
  bytesPerSecond: z.number(),
  objectsPerSecond: z.number(),
  bytesPerRequest: z.number().nullable(),
  shareOfGrowth: z.number(),
  bytesScaled: z.boolean(),
  steps: SERIES,
});

export const RETAINER_STEP = z.strictObject({
  edge: z.string(),
  edgeType: z.enum(['root', 'property', 'element', 'variable', 'entry', 'internal']),
  node: z.string(),
  nodeType: z.enum(['object', 'array', 'closure', 'string', 'collection', 'other']),
});

const ALLOCATION_SITE = z.strictObject({
  ...frame,
  liveBytes: z.number(),
  growthBytes: z.number(),
  callers: list(z.strictObject(frame)),
});

const BOUND = z.strictObject({
  source: z.enum(['setting', 'code', 'slots', 'full-holders']),
  name: z.string().nullable(),
  limit: z.number(),
  unit: z.enum(['entries', 'bytes']),
  holders: z.exactOptional(z.number()),
  full: z.exactOptional(z.number()),
});

const EXPIRY = z.strictObject({
  name: z.string(),
  lifetimeMs: z.number().nullable(),
  oldestEndMs: z.number().nullable(),
  sweepMs: z.exactOptional(z.number()),
});

const DECISION = z.strictObject({ at: time, by: z.string(), reason: z.string() });

/** The same as the type `Finding`; a test compares them. */
export const FINDING = z.strictObject({
  id: z.templateLiteral(['lw-', z.string()]) satisfies z.ZodType<Finding['id']>,
  status: z.enum(FINDING_STATUSES),
  kind: z.enum(FINDING_KINDS),
  title: z.string(),
  reasons: list(z.string()),
  evidence: list(EVIDENCE),
  muted: z.boolean(),
  muting: DECISION.nullable(),
  acknowledgement: DECISION.nullable(),
  confidence: share,
  firstSeen: time,
  lastSeen: time,
  confirmedAt: time.nullable(),
  className: z.string(),
  retainerPath: list(RETAINER_STEP),
  growth: GROWTH,
  allocationSites: list(ALLOCATION_SITE),
  fields: list(z.string()),
  mechanism: z.enum(MECHANISM_NAMES).nullable(),
  package: z.strictObject({ name: z.string(), version: z.string().nullable() }).nullable(),
  locations: list(z.strictObject(location)),
  yours: z.strictObject(location).nullable(),
  alsoHeldBy: list(z.string()),
  bound: BOUND.nullable(),
  expiry: EXPIRY.nullable(),
  secondsToLimit: z.number().nullable(),
});

/** What a capture is, apart from its time. */
export const CAPTURE_FIELDS = {
  id: z.string(),
  dumper: z.enum(DUMPER_NAMES),
  rung: z.enum(CAPTURE_LEVELS),
  trigger: z.enum(CAPTURE_TRIGGERS),
  outcome: z.enum(CAPTURE_OUTCOMES),
  reason: z.string().nullable(),
  cause: z.enum(CAPTURE_CAUSES).nullable(),
  pauseMs: z.number(),
  durationMs: z.number(),
  analysisMs: z.number(),
  cpuSeconds: z.number(),
  peakBytes: z.number(),
  nodes: count,
  retries: count,
  writer: z.enum(GRAPH_WRITERS).nullable(),
  roots: z.enum(GRAPH_ROOTS).nullable(),
  writerReason: z.string().nullable(),
};

/** The same as the type `Report`; a test compares them. */
export const REPORT = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  process: z.strictObject({
    pid: z.int(),
    nodeVersion: z.string(),
    startedAt: time,
    threadId: z.int(),
  }),
  watcher: z.strictObject({
    state: z.enum(WATCHER_STATES),
    reason: z.string(),
    reasonCode: z.string(),
    detail: z.string(),
    since: time,
    gcSource: z.string(),
    dumper: z.string(),
    pace: z.string(),
    captures: list(z.strictObject({ ...CAPTURE_FIELDS, at: time })),
    cost: z.strictObject({ cpuSeconds: z.number() }),
  }),
  heap: z.strictObject({
    at: time.nullable(),
    liveBytes: z.number(),
    limitBytes: z.number(),
    rssBytes: z.number(),
    externalBytes: z.number(),
    trend: z.strictObject({
      bytesPerSecond: z.number(),
      low: z.number(),
      high: z.number(),
      windowMs: z.number(),
    }),
    secondsToLimit: z.number().nullable(),
    secondsToLimitRange: z.strictObject({ low: z.number(), high: z.number().nullable() }).nullable(),
  }),
  findings: list(FINDING),
});
