import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { getHeapSpaceStatistics, getHeapStatistics, type HeapInfo, type HeapSpaceInfo } from 'node:v8';
import { type MemoryLimit, readMemoryLimit } from '../host/memory-limit.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import type { GcEvent } from './gc-source.js';
import type { HeapSample } from './heap-sample.js';
import { isYoungSpace } from './heap-space.js';

/** The sources of a sample's figures. */
export interface HeapReaders {
  heapStatistics(): HeapInfo;
  heapSpaces(): readonly HeapSpaceInfo[];
  /** Bytes. */
  memoryUsage(): { readonly rss: number; readonly arrayBuffers: number };
  /** Share of the resident set that is files and shared memory, 0 to 1; null if unknown. */
  sharedPart(): number | null;
  /** Type of each open resource. */
  activeResources(): readonly string[];
  /** Open file descriptors, a count; null if unknown. */
  descriptors(): { readonly count: number; readonly filesPart: number | null } | null;
  memoryLimit(): MemoryLimit;
  /** Requests served so far, a count. */
  requests(): number;
  /** Requests made so far, a count. */
  outgoingRequests(): number;
  /** Worker threads started so far, a count. */
  workersStarted(): number;
}

export interface HeapReader {
  /**
   * One sample per cycle, in order. Costs microseconds: the current state is read once per batch, resident set and
   * array buffers at most once a second, limits not at all.
   */
  afterGc(events: readonly GcEvent[]): readonly HeapSample[];
  /** Reads everything, including limits, resources and descriptors. */
  onTick(): HeapSample;
}

type MemoryUsage = ReturnType<HeapReaders['memoryUsage']>;
type Surroundings = Omit<
  HeapSample,
  'atMs' | 'monotonicMs' | 'cause' | 'gc' | 'usedBytes' | 'exact' | 'oldBytes'
>;

interface Reading {
  readonly surroundings: Surroundings;
  readonly usedBytes: number;
  readonly oldBytes: number;
}

/** Reading the resident set right after a GC took 64 µs at the median, and milliseconds at the 90th percentile. */
const MAX_USAGE_AGE_MS = 1_000;
/** Listing 100,000 open resources takes some 10 ms, and is then done every 5 s. */
const MS_A_HANDLE = 0.05;
const DESCRIPTORS = '/proc/self/fd';
/** Counting ten thousand descriptors takes 9 ms if they must be listed. The more there are, the longer a count is kept: counting takes 0.1 % of the time. */
const MS_A_DESCRIPTOR = 1;
/** Descriptors that are examined, from the highest number down: the newest ones. */
const NEWEST_DESCRIPTORS = 32;

/** Readers for this process. */
export function processReaders(
  requests: () => number,
  outgoingRequests: () => number = () => 0,
  workersStarted: () => number = () => 0,
): HeapReaders {
  return {
    heapStatistics: getHeapStatistics,
    heapSpaces: getHeapSpaceStatistics,
    // Only memoryUsage() reports array buffers, and it reads the resident set once, as memoryUsage.rss() would.
    memoryUsage: () => process.memoryUsage(),
    sharedPart: readSharedPart,
    activeResources: () => process.getActiveResourcesInfo(),
    descriptors: countDescriptors,
    memoryLimit: () => readMemoryLimit(),
    requests,
    outgoingRequests,
    workersStarted,
  };
}

/** `isOwn`: whether the watcher itself caused the cycle that began at `startMs` on the monotonic clock. */
export function createHeapReader(
  readers: HeapReaders,
  isOwn: (startMs: number) => boolean,
  clock: Clock = systemClock,
): HeapReader {
  let limit = readers.memoryLimit();
  let descriptors: { readonly atMs: number; readonly found: ReturnType<HeapReaders['descriptors']> } | null =
    null;
  let handles: {
    readonly atMs: number;
    readonly total: number;
    readonly counts: Readonly<Record<string, number>>;
  } | null = null;
  const countedHandles = () => {
    const nowMs = clock.monotonicMs();
    if (handles === null || nowMs - handles.atMs >= handles.total * MS_A_HANDLE) {
      const names = readers.activeResources();
      handles = { atMs: nowMs, total: names.length, counts: countByName(names) };
    }
    return handles.counts;
  };
  const countedDescriptors = () => {
    const nowMs = clock.monotonicMs();
    if (
      descriptors === null ||
      nowMs - descriptors.atMs >= (descriptors.found?.count ?? 0) * MS_A_DESCRIPTOR
    ) {
      descriptors = { atMs: nowMs, found: readers.descriptors() };
    }
    return descriptors.found;
  };
  let usage: MemoryUsage = { rss: 0, arrayBuffers: 0 };
  const readUsage = (): MemoryUsage => {
    try {
      return readers.memoryUsage();
    } catch {
      // Node opens a file for it, and a service that leaks descriptors has none left: keep the previous figures.
      return usage;
    }
  };
  usage = readUsage();
  let usageMs = clock.monotonicMs();
  let sharedBytes = 0;
  return {
    afterGc(events) {
      if (events.length === 0) return [];
      const nowMs = clock.monotonicMs();
      if (nowMs - usageMs > MAX_USAGE_AGE_MS) {
        usage = readUsage();
        usageMs = nowMs;
      }
      const reading = read(readers, usage, sharedBytes, limit);
      const epochMs = clock.now() - nowMs;
      return events.map((event) => gcSample(event, reading, epochMs, isOwn(event.startMs)));
    },
    onTick() {
      limit = readers.memoryLimit();
      usage = readUsage();
      usageMs = clock.monotonicMs();
      sharedBytes = Math.round(usage.rss * (readers.sharedPart() ?? 0));
      const { surroundings, usedBytes, oldBytes } = read(readers, usage, sharedBytes, limit);
      return {
        ...surroundings,
        atMs: clock.now(),
        monotonicMs: usageMs,
        cause: 'timer',
        gc: null,
        usedBytes,
        exact: false,
        oldBytes,
        handles: countedHandles(),
        descriptors: countedDescriptors()?.count ?? null,
        newFilesPart: countedDescriptors()?.filesPart ?? null,
      };
    },
  };
}

function gcSample(event: GcEvent, reading: Reading, epochMs: number, own: boolean): HeapSample {
  const { kind, startMs, pauseMs, figures } = event;
  const monotonicMs = startMs + pauseMs;
  const usedBytes = figures?.usedBytes ?? reading.usedBytes;
  return {
    ...reading.surroundings,
    atMs: epochMs + monotonicMs,
    monotonicMs,
    cause: 'gc',
    gc: { kind, pauseMs, own, reclaimedBytes: reclaimedBytes(event) },
    usedBytes,
    exact: figures !== null,
    // If the source does not report it, the current old space; objects promoted since may make it exceed what was used
    // then.
    oldBytes: figures?.oldBytes ?? Math.min(reading.oldBytes, usedBytes),
  };
}

function reclaimedBytes({ figures }: GcEvent): number | null {
  const before = figures?.beforeBytes ?? null;
  return figures === null || before === null ? null : Math.max(0, before - figures.usedBytes);
}

function read(readers: HeapReaders, usage: MemoryUsage, sharedBytes: number, limit: MemoryLimit): Reading {
  const heap = readers.heapStatistics();
  const spaces: Record<string, number> = {};
  let oldBytes = 0;
  for (const { space_name: name, space_used_size: used } of readers.heapSpaces()) {
    spaces[name] = used;
    if (!isYoungSpace(name)) oldBytes += used;
  }
  const surroundings: Surroundings = {
    spaces,
    externalBytes: heap.external_memory,
    arrayBuffersBytes: usage.arrayBuffers,
    mallocedBytes: heap.malloced_memory,
    nativeContexts: heap.number_of_native_contexts,
    detachedContexts: heap.number_of_detached_contexts,
    committedBytes: heap.total_physical_size,
    rssBytes: usage.rss,
    sharedBytes,
    limitBytes: heap.heap_size_limit,
    memoryLimitBytes: limit.limitBytes,
    memoryAvailableBytes: limit.availableBytes,
    requests: readers.requests(),
    outgoingRequests: readers.outgoingRequests(),
    workersStarted: readers.workersStarted(),
    handles: null,
    descriptors: null,
    newFilesPart: null,
  };
  return { surroundings, usedBytes: heap.used_heap_size, oldBytes };
}

function countByName(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/**
 * Since Linux 6.2 the directory's size is the number of descriptors; before, it has to be listed. The kernel assigns
 * the lowest free number, so unless some were closed in between, the newest are just below the count.
 */
function countDescriptors(): { readonly count: number; readonly filesPart: number | null } | null {
  if (process.platform !== 'linux') return null;
  try {
    const count = statSync(DESCRIPTORS).size || listDescriptors();
    return { count, filesPart: filesPartBelow(count) };
  } catch {
    return null;
  }
}

/** One of them is the directory being read. */
function listDescriptors(): number {
  return readdirSync(DESCRIPTORS).length - 1;
}

/** Null if too few of these numbers are open: then the newest are elsewhere. */
function filesPartBelow(count: number): number | null {
  const newest = Array.from({ length: Math.min(count, NEWEST_DESCRIPTORS) }, (_, at) => count - 1 - at);
  const known = newest.map(isFile).filter((is) => is !== null);
  return known.length * 2 < newest.length
    ? null
    : known.filter((is) => is).length / Math.max(1, known.length);
}

/** False for sockets, pipes and others without a path; null if it is not open. */
function isFile(descriptor: number): boolean | null {
  try {
    return readlinkSync(`${DESCRIPTORS}/${descriptor}`).startsWith('/');
  } catch {
    return null;
  }
}

/** `size resident shared …` of proc_pid_statm(5), in pages. A mapped file becomes resident as it is read; that is no leak. */
function readSharedPart(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const [, resident, shared] = readFileSync('/proc/self/statm', 'latin1').split(' ', 3).map(Number);
    return resident === undefined || shared === undefined || !(resident > 0) ? null : shared / resident;
  } catch {
    return null;
  }
}
