import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { getHeapSpaceStatistics, getHeapStatistics, type HeapInfo, type HeapSpaceInfo } from 'node:v8';
import { kernelFiles } from '../host/control-group.js';
import { type MemoryLimit, readMemoryLimit } from '../host/memory-limit.js';
import { type Clock, systemClock } from '../runtime/clock.js';
import { ownContexts } from './full-gc.js';
import type { GcEvent } from './gc-source.js';
import type { HeapSample } from './heap-sample.js';

/** What the process began to do since watching started, counts. */
type ProcessCounts = Pick<HeapSample, 'requests' | 'outgoingRequests' | 'workersStarted'>;

interface OpenDescriptors {
  readonly count: number;
  readonly filesPart: number | null;
}

/** The sources of a sample's figures. */
export interface HeapReaders {
  heapStatistics(): HeapInfo;
  heapSpaces(): readonly HeapSpaceInfo[];
  /** Bytes. */
  memoryUsage(): Pick<NodeJS.MemoryUsage, 'rss' | 'arrayBuffers'>;
  /** Share of the resident set that is files and shared memory, 0 to 1; 0 if unknown. */
  sharedPart(): number;
  /** Type of each open resource. */
  activeResources(): readonly string[];
  /** Null if unknown. */
  descriptors(): OpenDescriptors | null;
  memoryLimit(): MemoryLimit;
  counts(): ProcessCounts;
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

/** The current state, whenever and why it is read. */
type Reading = Omit<HeapSample, 'atMs' | 'monotonicMs' | 'cause' | 'gc' | 'exact'>;

/** Reading the resident set right after a GC took 64 µs at the median, and milliseconds at the 90th percentile. */
const MAX_USAGE_AGE_MS = 1_000;
/** Listing 100,000 open resources takes some 10 ms, and is then done every 5 s. */
const MS_A_HANDLE = 0.05;
const DESCRIPTORS = '/proc/self/fd';
/** Counting ten thousand descriptors takes 9 ms if they must be listed. The more there are, the longer a count is kept: counting takes 0.1 % of the time. */
const MS_A_DESCRIPTOR = 1;
/** Descriptors that are examined, from the highest number down: the newest ones. */
const NEWEST_DESCRIPTORS = 32;
/** Heap spaces whose objects have yet to survive a minor GC or two. */
const YOUNG_SPACES: readonly string[] = ['new_space', 'new_large_object_space'];

/** Readers for this process. */
export function processReaders(
  counts: () => ProcessCounts = () => ({ requests: 0, outgoingRequests: 0, workersStarted: 0 }),
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
    counts,
  };
}

/** `isOwn`: whether the watcher itself caused the cycle that began at `startMs` on the monotonic clock. */
export function createHeapReader(
  readers: HeapReaders,
  isOwn: (startMs: number) => boolean,
  clock: Clock = systemClock,
): HeapReader {
  let limit = readers.memoryLimit();
  let usage: ReturnType<HeapReaders['memoryUsage']> = { rss: 0, arrayBuffers: 0 };
  let usageMs = 0;
  let sharedBytes = 0;
  const readUsage = (): void => {
    try {
      usage = readers.memoryUsage();
    } catch {
      // Node opens a file for it, and a service that leaks descriptors has none left: keep the previous figures.
    }
    usageMs = clock.monotonicMs();
  };
  readUsage();
  const handles = kept(
    clock,
    () => countByName(readers.activeResources()),
    ({ total }) => total * MS_A_HANDLE,
  );
  const descriptors = kept(
    clock,
    () => readers.descriptors(),
    (found) => (found?.count ?? 0) * MS_A_DESCRIPTOR,
  );
  return {
    afterGc(events) {
      if (events.length === 0) return [];
      const nowMs = clock.monotonicMs();
      if (nowMs - usageMs > MAX_USAGE_AGE_MS) readUsage();
      const reading = read(readers, usage, sharedBytes, limit);
      const epochMs = clock.now() - nowMs;
      return events.map((event) => gcSample(event, reading, epochMs, isOwn(event.startMs)));
    },
    onTick() {
      limit = readers.memoryLimit();
      readUsage();
      sharedBytes = Math.round(usage.rss * readers.sharedPart());
      const found = descriptors();
      return {
        ...read(readers, usage, sharedBytes, limit),
        atMs: clock.now(),
        monotonicMs: usageMs,
        cause: 'timer',
        gc: null,
        exact: false,
        handles: handles().counts,
        descriptors: found?.count ?? null,
        newFilesPart: found?.filesPart ?? null,
      };
    },
  };
}

/** The latest result of `read`, which is called again once that is older than `maxAgeMs`. */
function kept<T>(clock: Clock, read: () => T, maxAgeMs: (value: T) => number): () => T {
  let last: { readonly atMs: number; readonly value: T } | null = null;
  return () => {
    const nowMs = clock.monotonicMs();
    if (last === null || nowMs - last.atMs >= maxAgeMs(last.value)) last = { atMs: nowMs, value: read() };
    return last.value;
  };
}

function gcSample(event: GcEvent, reading: Reading, epochMs: number, own: boolean): HeapSample {
  const { kind, startMs, pauseMs, figures } = event;
  const monotonicMs = startMs + pauseMs;
  const usedBytes = figures?.usedBytes ?? reading.usedBytes;
  return {
    ...reading,
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

function read(
  readers: HeapReaders,
  usage: ReturnType<HeapReaders['memoryUsage']>,
  sharedBytes: number,
  limit: MemoryLimit,
): Reading {
  const heap = readers.heapStatistics();
  const spaces: Record<string, number> = {};
  let oldBytes = 0;
  for (const { space_name: name, space_used_size: used } of readers.heapSpaces()) {
    spaces[name] = used;
    if (!YOUNG_SPACES.includes(name)) oldBytes += used;
  }
  return {
    ...readers.counts(),
    usedBytes: heap.used_heap_size,
    oldBytes,
    spaces,
    externalBytes: heap.external_memory,
    arrayBuffersBytes: usage.arrayBuffers,
    mallocedBytes: heap.malloced_memory,
    nativeContexts: heap.number_of_native_contexts - ownContexts(),
    detachedContexts: heap.number_of_detached_contexts,
    committedBytes: heap.total_physical_size,
    rssBytes: usage.rss,
    sharedBytes,
    limitBytes: heap.heap_size_limit,
    memoryLimitBytes: limit.limitBytes,
    memoryAvailableBytes: limit.availableBytes,
    handles: null,
    descriptors: null,
    newFilesPart: null,
  };
}

function countByName(names: readonly string[]): { total: number; counts: Readonly<Record<string, number>> } {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return { total: names.length, counts };
}

/**
 * Since Linux 6.2 the directory's size is the number of descriptors; before, it has to be listed. The kernel assigns
 * the lowest free number, so unless some were closed in between, the newest are just below the count.
 */
function countDescriptors(): OpenDescriptors | null {
  if (process.platform !== 'linux') return null;
  try {
    // One of those listed is the directory being read.
    const count = statSync(DESCRIPTORS).size || readdirSync(DESCRIPTORS).length - 1;
    return { count, filesPart: filesPartBelow(count) };
  } catch {
    return null;
  }
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
function readSharedPart(): number {
  const [, resident = 0, shared = 0] = (kernelFiles.readFile('/proc/self/statm') ?? '')
    .split(' ', 3)
    .map(Number);
  return resident > 0 ? shared / resident : 0;
}
