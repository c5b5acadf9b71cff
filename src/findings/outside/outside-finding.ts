import { createHash } from 'node:crypto';
import type { Fingerprint } from '../../heap/naming/retainer-step.js';
import { mechanismOfSeries } from '../../mechanisms/open-resources.js';
import { NOTHING_KNOWN, type SeenFinding } from '../described-finding.js';
import type { Finding } from '../finding.js';
import { judge } from '../verdict/judge.js';
import { isMemory, OUTSIDE, type OutsideFacts } from './outside-rules.js';

/**
 * Growth outside the graph, as one series of samples or one allocation site (`kind` heap) shows it: no path, no members.
 * `growth` is in bytes for memory (counts 0), in counts otherwise (bytes 0). `secondsToLimit` is until the container's
 * limit. When it no longer grows it is not delivered any more, and the ledger settles it.
 */
export interface OutsideFinding extends SeenFinding {
  /** Of the latest sample, milliseconds since the Unix epoch. */
  readonly atMs: number;
}

const MAX_STEPS = 12;
/** A summary of persistence, not a probability that was measured. */
const MOST_CONFIDENCE = 0.95;

/** Judges the growth of one series; null if there is no finding (yet). */
export function judgeOutside(facts: OutsideFacts): OutsideFinding | null {
  const { growth, sample } = facts;
  const persistent = MOST_CONFIDENCE * (1 - 0.5 ** (growth.rises - 1));
  const { status, reasons, confidence, dismissed } = judge(OUTSIDE, facts, persistent);
  if (dismissed !== null) return null;
  return {
    ...NOTHING_KNOWN,
    id: fingerprintOf('signal', growth.kind, growth.type),
    kind: growth.kind,
    className: growth.type,
    status,
    headline: { says: 'grows', subject: { of: 'series' } },
    reasons,
    confidence,
    mechanism: mechanismOfSeries(growth.kind, growth.type),
    growth: growthOf(facts),
    secondsToLimit: secondsToLimit(facts),
    atMs: sample.atMs,
  };
}

/** The same in every process. The parts must not change, since ids are kept over versions. */
export function fingerprintOf(...parts: readonly string[]): Fingerprint {
  return `lw-${createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 16)}`;
}

function growthOf({ growth, sample, gains }: OutsideFacts): Finding['growth'] {
  const inBytes = isMemory(growth);
  const perSecond = growth.slope.bytesPerSecond;
  const requests = gains.requests ?? 0;
  const residentBytes = gains.residentBytes ?? 0;
  const epochMs = sample.atMs - sample.monotonicMs;
  return {
    bytesPerSecond: inBytes ? perSecond : 0,
    objectsPerSecond: inBytes ? 0 : perSecond,
    bytesPerRequest: inBytes && requests > 0 ? growth.gained / requests : null,
    shareOfGrowth: inBytes && residentBytes > growth.gained ? growth.gained / residentBytes : 1,
    bytesScaled: false,
    steps: growth.points.slice(-MAX_STEPS).map((point) => ({
      at: new Date(epochMs + point.ms).toISOString(),
      count: inBytes ? 0 : point.bytes,
      bytes: inBytes ? point.bytes : 0,
    })),
  };
}

/** Memory that the container or the host has left; without a container limit it is unknown how much may be taken. */
function secondsToLimit({ growth, sample }: OutsideFacts): number | null {
  const { memoryLimitBytes, memoryAvailableBytes } = sample;
  if (!isMemory(growth) || memoryLimitBytes === null || memoryAvailableBytes === null) return null;
  return memoryAvailableBytes / growth.slope.bytesPerSecond;
}
