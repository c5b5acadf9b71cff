import { EventEmitter } from 'node:events';
import type { CaptureRecord } from '../../src/capture/capture-record.js';
import type { DaemonStatus, WatcherEvents } from '../../src/daemon/daemon-status.js';
import type { Finding } from '../../src/findings/finding.js';
import type { MetricsSource } from '../../src/metrics/collectors.js';
import type { GcKind } from '../../src/sampling/gc-source.js';
import type { HeapSample } from '../../src/sampling/heap-sample.js';
import type { TrendVerdict } from '../../src/trend/trend-verdict.js';

const MB = 1024 * 1024;

/** A daemon whose status a test writes. */
export class FakeSource implements MetricsSource {
  readonly events = new EventEmitter<WatcherEvents>();
  present: DaemonStatus = startingStatus();
  statusReads = 0;
  broken = false;

  status(): DaemonStatus {
    this.statusReads += 1;
    if (this.broken) throw new Error('status cannot be read');
    return this.present;
  }

  change(changes: Partial<DaemonStatus>): void {
    this.present = { ...this.present, ...changes };
  }
}

function unknownTrend(): TrendVerdict {
  return {
    direction: 'unknown',
    basis: 'upper-bound',
    bytesPerSecond: 0,
    low: 0,
    high: 0,
    windowMs: 0,
    points: 0,
    shifted: false,
  };
}

/** A daemon that has just begun: no sample, no trend, nothing found. */
function startingStatus(): DaemonStatus {
  return {
    state: 'starting',
    reason: 'not started',
    reasonCode: 'not-started',
    reasonDetail: 'not started',
    pace: 'fast',
    gcSource: { name: 'built-in', reason: 'test' },
    dumper: { name: 'inline', reason: 'test' },
    startedAtMs: 1_700_000_000_000,
    lastSample: null,
    live: null,
    samples: 0,
    errors: { sampling: 0, trend: 0, capture: 0, analysis: 0, findings: 0, store: 0 },
    cpuSeconds: 0,
    trends: { short: unknownTrend(), medium: unknownTrend(), long: unknownTrend() },
    timeToLimit: null,
    findings: [],
    captures: [],
    census: null,
  };
}

export function sample(changes: Partial<HeapSample> = {}): HeapSample {
  return {
    atMs: 1_700_000_010_000,
    monotonicMs: 10_000,
    cause: 'timer',
    gc: null,
    usedBytes: 60 * MB,
    exact: false,
    oldBytes: 50 * MB,
    spaces: { old_space: 50 * MB },
    externalBytes: 4 * MB,
    arrayBuffersBytes: 3 * MB,
    mallocedBytes: MB,
    nativeContexts: 2,
    detachedContexts: 1,
    committedBytes: 80 * MB,
    rssBytes: 120 * MB,
    sharedBytes: 20 * MB,
    limitBytes: 2048 * MB,
    memoryLimitBytes: null,
    memoryAvailableBytes: null,
    requests: 0,
    outgoingRequests: 0,
    workersStarted: 0,
    handles: null,
    descriptors: null,
    ...changes,
  };
}

export function gcSample(kind: GcKind, pauseMs: number, reclaimedBytes: number | null): HeapSample {
  return sample({ cause: 'gc', gc: { kind, pauseMs, own: false, reclaimedBytes } });
}

export function capture(changes: Partial<CaptureRecord> = {}): CaptureRecord {
  return {
    id: 'c1',
    atMs: 1_700_000_020_000,
    dumper: 'fork',
    rung: 'sampled',
    trigger: 'trend',
    outcome: 'success',
    reason: null,
    cause: null,
    pauseMs: 14,
    durationMs: 2_500,
    analysisMs: 1_500,
    peakBytes: 30 * MB,
    nodes: 400_000,
    cpuSeconds: 2,
    retries: 0,
    writer: 'v8',
    roots: null,
    writerReason: null,
    ...changes,
  };
}

export function finding(changes: Partial<Finding> = {}): Finding {
  return {
    id: 'lw-0123456789abcdef',
    status: 'suspected',
    kind: 'heap',
    title: 'MemoryStore.sessions gains sessions and never loses one',
    reasons: ['grew at every capture'],
    evidence: [],
    muted: false,
    muting: null,
    acknowledgement: null,
    confidence: 0.8,
    firstSeen: '2026-01-01T00:00:00.000Z',
    lastSeen: '2026-01-01T00:01:00.000Z',
    confirmedAt: null,
    className: 'Secret"Session\n',
    retainerPath: [],
    growth: {
      bytesPerSecond: 1000,
      objectsPerSecond: 1,
      bytesPerRequest: null,
      shareOfGrowth: 0.9,
      bytesScaled: false,
      steps: [],
    },
    allocationSites: [],
    fields: [],
    mechanism: null,
    package: null,
    locations: [],
    yours: null,
    alsoHeldBy: [],
    bound: null,
    expiry: null,
    secondsToLimit: null,
    ...changes,
  };
}

/** A daemon that watches a service with a confirmed leak. */
export function leakingStatus(nowMs: number): DaemonStatus {
  const rising: TrendVerdict = {
    direction: 'rising',
    basis: 'major-gc',
    bytesPerSecond: 32_000,
    low: 30_000,
    high: 34_000,
    windowMs: 60_000,
    points: 12,
    shifted: true,
  };
  return {
    ...startingStatus(),
    state: 'confirmed',
    startedAtMs: nowMs - 600_000,
    lastSample: sample({ atMs: nowMs, memoryLimitBytes: 512 * MB, memoryAvailableBytes: 300 * MB }),
    live: { bytes: 48 * MB, atMs: nowMs - 5_000 },
    samples: 60,
    errors: { ...startingStatus().errors, analysis: 1 },
    cpuSeconds: 1.5,
    trends: { short: rising, medium: rising, long: unknownTrend() },
    timeToLimit: { seconds: 3_600, low: 3_000, high: 4_000 },
    findings: [finding({ status: 'confirmed' })],
    captures: [capture()],
  };
}
