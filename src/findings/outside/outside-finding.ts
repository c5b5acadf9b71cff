import { createHash } from 'node:crypto';
import type { Fingerprint } from '../../heap/naming/retainer-step.js';
import type { AllocationSite } from '../../heap/sources/code-place.js';
import type { FindingKind } from '../../mechanisms/mechanism-row.js';
import type { Mechanism } from '../../mechanisms/mechanisms.js';
import { openResource } from '../../mechanisms/open-resources.js';
import type { OutsideRules } from '../../pace/outside-rules.js';
import { formatBytes, formatCount } from '../../runtime/units.js';
import type { HeapSample } from '../../sampling/heap-sample.js';
import type { OutsideGrowth } from '../../trend/outside-growth.js';
import type { SurroundingGains } from '../../trend/outside-window.js';
import type { Evidence, Finding } from '../finding.js';
import { type OutsideReason, type OutsideSurroundings, outsideDoubts } from './outside-rules.js';

/** What grows outside the graph, as one series of samples shows it: no path, no members, only numbers. */
export interface OutsideFinding {
  /** From kind and type only: the same in every process. */
  readonly id: Fingerprint;
  /** `heap`: of allocation sites, where no capture tells the holder. */
  readonly kind: FindingKind;
  /** What is counted: `TCPSocketWrap`, `FileDescriptor`, `external`, `native`, `NativeContext`. */
  readonly type: string;
  /** A signal that no longer grows is not delivered any more; the ledger settles its finding. */
  readonly status: 'suspected' | 'confirmed';
  readonly title: string;
  /** The same once it has stopped. */
  readonly settledTitle: string;
  /** One sentence for each entry of `evidence`, in its order. */
  readonly reasons: readonly string[];
  readonly evidence: readonly Evidence[];
  /** 0 to 1. */
  readonly confidence: number;
  /** What the graph would call it; findings of the same mechanism explain the signal. */
  readonly mechanism: Mechanism | null;
  /** Handles and contexts: counts, bytes 0. External and native: bytes, count 0. */
  readonly growth: Finding['growth'];
  /** Of the kind `heap`: the one that it is about. */
  readonly allocationSites?: readonly AllocationSite[];
  /** Until the container's limit; null where there is none, or what grows is no memory. */
  readonly secondsToLimit: number | null;
  /** Of the latest sample, milliseconds since the Unix epoch. */
  readonly atMs: number;
}

const MAX_STEPS = 12;
/** A summary of persistence, not a probability that was measured. */
const MOST_CONFIDENCE = { suspected: 0.6, confirmed: 0.95 };

/**
 * Judges a rise: null where it is too early, or explained otherwise, to say so. Suspected: it rose at enough looks.
 * Confirmed: at more of them, over the pace's least time, and no doubt is left (see `outsideDoubts`).
 */
export function judgeOutside(
  signal: OutsideGrowth,
  surroundings: OutsideSurroundings,
  rules: OutsideRules,
): OutsideFinding | null {
  if (signal.rises < rules.suspectRises) return null;
  const doubts = outsideDoubts(signal, surroundings, rules);
  if (doubts === null) return null;
  const status = doubts.length === 0 ? 'confirmed' : 'suspected';
  const reasons = [riseReason(signal), ...adviceFor(signal, surroundings), ...doubts];
  const { sample, gains } = surroundings;
  return {
    id: fingerprintOf(signal),
    kind: signal.kind,
    type: signal.type,
    status,
    title: titleOf(signal),
    settledTitle: settledTitleOf(signal),
    reasons: reasons.map(({ words }) => words),
    evidence: reasons.map(({ evidence }) => evidence),
    confidence: MOST_CONFIDENCE[status] * (1 - 0.5 ** (signal.rises - 1)),
    mechanism: mechanismOf(signal),
    growth: growthOf(signal, sample, gains),
    secondsToLimit: isMemory(signal) ? secondsToLimit(signal, sample) : null,
    atMs: sample.atMs,
  };
}

function fingerprintOf({ kind, type }: OutsideGrowth): Fingerprint {
  return `lw-${createHash('sha256').update(`signal\n${kind}\n${type}`).digest('hex').slice(0, 16)}`;
}

function titleOf(signal: OutsideGrowth): string {
  const rate = isMemory(signal)
    ? formatBytes(signal.slope.bytesPerSecond * 60)
    : formatCount(Math.round(signal.slope.bytesPerSecond * 60));
  const title = `${subjectOf(signal)} by ${rate} a minute (${nowOf(signal)} now)`;
  return signal.kind === 'native' ? `${title}, ${UNEXPLAINED}` : title;
}

const UNEXPLAINED =
  'and neither heap nor buffers explain it: a native addon, worker threads, fragmentation, or objects that V8 has not collected yet';

function settledTitleOf(signal: OutsideGrowth): string {
  const subject = subjectOf(signal).replace(/rises?$/, (verb) => `no longer ${verb}`);
  return `${subject} (${nowOf(signal)} now)`;
}

/** With its verb. */
function subjectOf({ kind, type }: OutsideGrowth): string {
  switch (kind) {
    case 'external':
      return 'Buffers and other memory held from outside the heap rise';
    case 'native':
      return 'Memory outside the heap rises';
    case 'contexts':
      return 'V8 contexts, as of vm.createContext(), rise';
    case 'handles': {
      const { words } = openResource(type);
      return `${words.slice(0, 1).toUpperCase()}${words.slice(1)} rise`;
    }
  }
}

function nowOf(signal: OutsideGrowth): string {
  return isMemory(signal) ? formatBytes(signal.last) : formatCount(signal.last);
}

function riseReason(signal: OutsideGrowth): OutsideReason {
  const seconds = Math.round(signal.spanMs / 1000);
  const amount = isMemory(signal)
    ? `from ${formatBytes(signal.first)} to ${formatBytes(signal.last)}`
    : `from ${formatCount(signal.first)} to ${formatCount(signal.last)}`;
  return {
    words: `the lowest value of every stretch of time rose ${signal.rises} times in a row over ${seconds} s, ${amount}`,
    evidence: {
      rule: 'series',
      speaksFor: true,
      numbers: {
        observations: signal.rises + 1,
        spanMs: signal.spanMs,
        first: signal.first,
        last: signal.last,
        gained: signal.gained,
        perSecond: signal.slope.bytesPerSecond,
        perSecondLow: signal.slope.low,
        perSecondHigh: signal.slope.high,
      },
      untilWhat: null,
    },
  };
}

/** There is no path to what lies outside of V8: what is left is to say what it can be, and how to find out. */
function adviceFor(signal: OutsideGrowth, { gains }: OutsideSurroundings): OutsideReason[] {
  if (signal.kind !== 'native') return [];
  const residentBytes = gains.residentBytes ?? signal.gained;
  return [
    {
      words: `the process grew by ${formatBytes(residentBytes)}, of which ${formatBytes(signal.gained)} are neither heap nor buffers; no path can be told for these`,
      evidence: {
        rule: 'share',
        speaksFor: true,
        numbers: { gainedBytes: signal.gained, residentBytes },
        untilWhat:
          'if it stays flat with MALLOC_ARENA_MAX=2, or with another allocator such as jemalloc, it was fragmentation',
      },
    },
  ];
}

function mechanismOf({ kind, type }: OutsideGrowth): Mechanism | null {
  if (kind === 'external') return 'buffers';
  if (kind === 'contexts') return 'contexts';
  return kind === 'handles' ? openResource(type).mechanism : null;
}

function growthOf(signal: OutsideGrowth, sample: HeapSample, gains: SurroundingGains): Finding['growth'] {
  const bytes = isMemory(signal);
  const perSecond = signal.slope.bytesPerSecond;
  const requests = gains.requests ?? 0;
  const residentBytes = gains.residentBytes ?? 0;
  const epochMs = sample.atMs - sample.monotonicMs;
  return {
    bytesPerSecond: bytes ? perSecond : 0,
    objectsPerSecond: bytes ? 0 : perSecond,
    bytesPerRequest: bytes && requests > 0 ? signal.gained / requests : null,
    shareOfGrowth: bytes && residentBytes > signal.gained ? signal.gained / residentBytes : 1,
    bytesScaled: false,
    steps: signal.points.slice(-MAX_STEPS).map((point) => ({
      at: new Date(epochMs + point.ms).toISOString(),
      count: bytes ? 0 : point.bytes,
      bytes: bytes ? point.bytes : 0,
    })),
  };
}

/** What the container or the host still has; without a limit of the container nobody knows what may be taken. */
function secondsToLimit(signal: OutsideGrowth, sample: HeapSample): number | null {
  if (sample.memoryLimitBytes === null || sample.memoryAvailableBytes === null) return null;
  return sample.memoryAvailableBytes / signal.slope.bytesPerSecond;
}

function isMemory({ kind }: OutsideGrowth): boolean {
  return kind === 'external' || kind === 'native';
}
