import { z } from 'zod';
import { SCOPES } from '../../access/scope.js';
import { DUMPER_NAMES } from '../../capture/capture-record.js';
import { WATCHER_STATES } from '../../report/report.js';
import { GC_KINDS, GC_SOURCE_NAMES } from '../../sampling/gc-source.js';
import { CAPTURE_FIELDS } from './report.js';
import { bytes, count, epochMs, list, milliseconds } from './values.js';

const TREND = z.strictObject({
  direction: z.enum(['rising', 'flat', 'falling', 'unknown']),
  basis: z.enum(['capture', 'major-gc', 'upper-bound']),
  bytesPerSecond: z.number(),
  low: z.number(),
  high: z.number(),
  windowMs: milliseconds,
  points: count,
  shifted: z.boolean(),
});

const GC = z.strictObject({
  kind: z.enum(GC_KINDS),
  pauseMs: milliseconds,
  own: z.boolean().describe('The watcher itself caused it.'),
  reclaimedBytes: bytes.nullable(),
});

const SAMPLE = z.strictObject({
  atMs: epochMs,
  monotonicMs: milliseconds,
  cause: z.enum(['gc', 'timer']),
  gc: GC.nullable(),
  usedBytes: bytes,
  exact: z.boolean().describe('`usedBytes` was read at the end of the cycle.'),
  oldBytes: bytes,
  spaces: z.record(z.string(), bytes),
  externalBytes: bytes,
  arrayBuffersBytes: bytes,
  mallocedBytes: bytes,
  nativeContexts: count,
  detachedContexts: count,
  committedBytes: bytes,
  rssBytes: bytes,
  sharedBytes: bytes,
  limitBytes: bytes,
  memoryLimitBytes: bytes.nullable(),
  memoryAvailableBytes: bytes.nullable(),
  requests: count,
  outgoingRequests: count,
  workersStarted: count,
  handles: z.record(z.string(), count).nullable(),
  descriptors: count.nullable(),
  newFilesPart: z.exactOptional(z.number().nullable()),
});

const CENSUS = z.strictObject({
  atMs: epochMs,
  liveBytes: bytes,
  growing: list(z.strictObject({ className: z.string(), count: z.int(), bytes: z.number() })).nullable(),
});

const SITES = z.strictObject({
  state: z.enum(['sampling', 'shared', 'waiting', 'off']),
  reason: z.string(),
  intervalBytes: bytes.nullable(),
  since: z.iso
    .datetime()
    .nullable()
    .describe('Nothing that was allocated earlier is in the live heap profile.'),
  readings: count,
  readMs: milliseconds,
});

const AUDIT = z.strictObject({
  state: z.enum(['ready', 'failing']),
  reason: z.string().nullable().describe('Why the latest line could not be written.'),
  file: z.string().nullable().describe('The file that is being written; null before the first line.'),
  lines: count,
  head: z.string().nullable().describe('SHA-256 of its last line.'),
});

const ACCESS = z.strictObject({
  tokens: list(
    z.strictObject({
      id: z.string(),
      scopes: list(z.enum(SCOPES)),
      expires: z.iso.datetime().nullable(),
      state: z.enum(['valid', 'expires-soon', 'expired']),
    }),
  ),
  tokenFile: z.strictObject({ readings: count, errors: count, lastError: z.string().nullable() }).nullable(),
  authorize: z.boolean(),
  jwt: z.boolean(),
  clients: count,
});

/** What each name is, and why it was chosen. */
function chosen<const T extends readonly [string, ...string[]]>(names: T) {
  return z.strictObject({ name: z.enum(names), reason: z.string() });
}

export const STATUS = z.strictObject({
  state: z.enum(WATCHER_STATES),
  reason: z.string(),
  gcSource: chosen(GC_SOURCE_NAMES),
  dumper: chosen(DUMPER_NAMES),
  samples: count,
  errors: z.strictObject({
    sampling: count,
    trend: count,
    capture: count,
    analysis: count,
    findings: count,
    store: count,
  }),
  trends: z.strictObject({ short: TREND, medium: TREND, long: TREND }),
  lastSample: SAMPLE.nullable(),
  captures: list(z.strictObject({ ...CAPTURE_FIELDS, atMs: epochMs })),
  census: CENSUS.nullable(),
  sites: SITES,
  listener: z.string().nullable(),
  stateDirectory: z.string().nullable(),
  audit: AUDIT,
  access: ACCESS.describe('The credentials that are configured, never their content.'),
  options: z.record(z.string(), z.unknown()).describe('Every option but the secrets.'),
  rules: z.record(z.string(), z.unknown()).describe('The numbers of the pace.'),
});

export type OpsStatus = z.output<typeof STATUS>;
