import { CONNECTION_TYPES, DESCRIPTOR_TYPES } from '../mechanisms/open-resources.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { trafficOf } from '../sampling/request-counter.js';
import { FloorSeries } from './floor-series.js';
import type { OutsideKind, OutsideSeries } from './outside-growth.js';

/** Handle types that are tracked; later ones are not. A series takes 640 bytes, or twice that. */
const MAX_HANDLE_TYPES = 16;
/** A type is tracked once it has this many handles: fewer are no leak, and must not use up the limited slots. */
const LEAST_HANDLES = 16;
/** Name of the series of descriptors that no handle explains: files, and descriptors opened below Node. */
const DESCRIPTORS = 'FileDescriptor';

/** How much the surroundings of a series changed over the same time; null if the record does not go back that far. */
export interface SurroundingGains {
  readonly residentBytes: number | null;
  readonly sockets: number | null;
  readonly requests: number | null;
}

interface Series extends Pick<OutsideSeries, 'kind' | 'type'> {
  readonly floors: FloorSeries;
  /** Lowest value of each slot among those right after full GCs. */
  readonly collected: FloorSeries | null;
}

/**
 * The memory and resources outside the heap graph, as lower envelopes in a few KB: buffers and other external memory,
 * process memory that nothing explains, open handles by type, descriptors, contexts. Times are on the monotonic clock.
 *
 * External memory, native memory and contexts count until V8 collects their holders, so their values right after full
 * GCs are kept in addition to the envelope.
 */
export class OutsideWindow {
  readonly #slotMs: number;
  readonly #warmUpMs: number;
  readonly #series = new Map<string, Series>();
  /** Not judged themselves: the growth of the other series is compared with them. */
  readonly #surroundings: Readonly<Record<keyof SurroundingGains, FloorSeries>>;
  readonly #handleTypes = new Set<string>();
  #sinceMs: number | null = null;
  #collectedSinceTick = false;

  constructor({ slotMs, warmUpMs }: { readonly slotMs: number; readonly warmUpMs: number }) {
    this.#slotMs = slotMs;
    this.#warmUpMs = warmUpMs;
    this.#surroundings = {
      residentBytes: new FloorSeries(slotMs),
      sockets: new FloorSeries(slotMs),
      requests: new FloorSeries(slotMs),
    };
  }

  /** True if there is something new to judge: a slot has ended. */
  add(sample: HeapSample): boolean {
    this.#sinceMs ??= sample.monotonicMs + this.#warmUpMs;
    if (sample.monotonicMs < this.#sinceMs) return false;
    const { residentBytes, sockets, requests } = this.#surroundings;
    const ended = residentBytes.add(sample.monotonicMs, sample.rssBytes);
    requests.add(sample.monotonicMs, trafficOf(sample));
    const full = sample.gc?.kind === 'major';
    this.#take('external', 'external', externalBytes(sample), sample, full);
    this.#take('contexts', 'NativeContext', sample.nativeContexts, sample, full);
    this.#collectedSinceTick ||= full;
    if (sample.cause !== 'timer') return ended;
    // The resident set of a GC sample may be a second older than its heap, and what the GC finalises is freed only
    // after it: the next tick is the first to show it.
    this.#take('native', 'native', unexplainedBytes(sample), sample, this.#collectedSinceTick);
    this.#collectedSinceTick = false;
    sockets.add(sample.monotonicMs, openSockets(sample) ?? 0);
    this.#takeHandles(sample);
    return ended;
  }

  series(): readonly OutsideSeries[] {
    const traffic = this.#surroundings.requests.all();
    return [...this.#series.values()].map(({ kind, type, floors, collected }) => ({
      kind,
      type,
      floors: floors.points(),
      peak: floors.peak,
      collected: collected?.all() ?? null,
      traffic,
    }));
  }

  gainsSince(sinceMs: number): SurroundingGains {
    const { residentBytes, sockets, requests } = this.#surroundings;
    return {
      residentBytes: this.#gain(residentBytes, sinceMs),
      sockets: this.#gain(sockets, sinceMs),
      requests: this.#gain(requests, sinceMs),
    };
  }

  #gain(series: FloorSeries, sinceMs: number): number | null {
    const points = series.points();
    const first = points.findLast(({ ms }) => ms <= sinceMs + this.#slotMs);
    const last = points.at(-1);
    return first === undefined || last === undefined ? null : last.bytes - first.bytes;
  }

  #takeHandles(sample: HeapSample): void {
    const handles = sample.handles ?? {};
    for (const [type, count] of Object.entries(handles)) {
      if (count < LEAST_HANDLES || this.#handleTypes.size >= MAX_HANDLE_TYPES) continue;
      this.#handleTypes.add(type);
    }
    for (const type of this.#handleTypes) this.#take('handles', type, handles[type] ?? 0, sample);
    if (sample.descriptors === null) return;
    const explained = countOf(handles, DESCRIPTOR_TYPES);
    this.#take('handles', DESCRIPTORS, Math.max(0, sample.descriptors - explained), sample);
  }

  #take(kind: OutsideKind, type: string, value: number, sample: HeapSample, collected = false): void {
    const series = this.#seriesOf(kind, type);
    series.floors.add(sample.monotonicMs, value);
    if (collected) series.collected?.add(sample.monotonicMs, value);
  }

  #seriesOf(kind: OutsideKind, type: string): Series {
    const key = `${kind} ${type}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      const collected = kind === 'handles' ? null : new FloorSeries(this.#slotMs);
      series = { kind, type, floors: new FloorSeries(this.#slotMs), collected };
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Open sockets and pipes; null if the sample did not count them. */
export function openSockets({ handles }: HeapSample): number | null {
  return handles === null ? null : countOf(handles, CONNECTION_TYPES);
}

function countOf(handles: Readonly<Record<string, number>>, types: readonly string[]): number {
  return types.reduce((sum, type) => sum + (handles[type] ?? 0), 0);
}

/** V8 includes array buffers on every Node from 20 to 26; a version that left some out would still report at least these. */
function externalBytes(sample: HeapSample): number {
  return Math.max(sample.externalBytes, sample.arrayBuffersBytes);
}

/**
 * Anonymous resident memory that V8's heap, external memory and V8's own allocations do not explain. Never below zero:
 * buffers that are allocated but not yet written to are external but not resident, and filling them is not growth.
 */
function unexplainedBytes(sample: HeapSample): number {
  const anonymous = sample.rssBytes - sample.sharedBytes;
  return Math.max(0, anonymous - sample.committedBytes - externalBytes(sample) - sample.mallocedBytes);
}
