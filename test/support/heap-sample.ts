import type { HeapSample } from '../../src/sampling/heap-sample.js';

const MB = 2 ** 20;

/** A timer sample of an idle process, `seconds` after its start. */
export function heapSample(seconds: number, changes: Partial<HeapSample> = {}): HeapSample {
  return {
    atMs: 1_800_000_000_000 + seconds * 1000,
    monotonicMs: seconds * 1000,
    cause: 'timer',
    gc: null,
    usedBytes: 40 * MB,
    exact: false,
    oldBytes: 38 * MB,
    spaces: {},
    externalBytes: 4 * MB,
    arrayBuffersBytes: 2 * MB,
    mallocedBytes: MB,
    nativeContexts: 1,
    detachedContexts: 0,
    committedBytes: 50 * MB,
    rssBytes: 140 * MB,
    sharedBytes: 40 * MB,
    limitBytes: 2_000 * MB,
    memoryLimitBytes: null,
    memoryAvailableBytes: null,
    requests: 0,
    outgoingRequests: 0,
    workersStarted: 0,
    handles: {},
    descriptors: 30,
    ...changes,
  };
}

/** The sample after a full GC. */
export function collectedSample(seconds: number, changes: Partial<HeapSample> = {}): HeapSample {
  const gc = { kind: 'major', pauseMs: 5, own: false, reclaimedBytes: null } as const;
  return heapSample(seconds, { cause: 'gc', gc, handles: null, descriptors: null, ...changes });
}
