import { CONNECTION_TYPES, DESCRIPTOR_TYPES } from '../mechanisms/open-resources.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { trafficOf } from '../sampling/request-counter.js';
import { FloorSeries } from './floor-series.js';
import type { OutsideKind, SignalSeries } from './outside-growth.js';

/** Types of handles that are followed; others that come later are not. A series takes 640 bytes, or twice that. */
const MAX_HANDLE_TYPES = 16;
/** A type is followed once it has as many; a few handles are no leak, and must not take the places. */
const LEAST_HANDLES = 16;
/** Name of the series of descriptors that no handle accounts for: files, and what is held open below Node. */
const DESCRIPTORS = 'FileDescriptor';

/** By how much what surrounds a signal changed over the same time; null where it is not known so far back. */
export interface SurroundingGains {
  readonly residentBytes: number | null;
  readonly sockets: number | null;
  readonly requests: number | null;
}

interface Series {
  readonly kind: OutsideKind;
  readonly type: string;
  readonly floors: FloorSeries;
  /** Lowest value of each slot right after full collections. */
  readonly collected: FloorSeries | null;
}

/**
 * What is outside the heap graph, as lower envelopes in a few KB: buffers and other external memory, memory of the
 * process that nothing explains, open handles by type, descriptors, contexts. Times are of the monotonic clock.
 *
 * External and native memory and contexts count until V8 collects what holds them, so their values right after full
 * collections are kept beside the envelope.
 */
export class OutsideWindow {
  readonly #slotMs: number;
  readonly #warmUpMs: number;
  readonly #series = new Map<string, Series>();
  /** No signals: what the growth of the others is compared with. */
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

  /** True when there is something new to judge: a slot came to its end. */
  add(sample: HeapSample): boolean {
    this.#sinceMs ??= sample.monotonicMs + this.#warmUpMs;
    if (sample.monotonicMs < this.#sinceMs) return false;
    const { residentBytes, sockets, requests } = this.#surroundings;
    const ended = residentBytes.add(sample.monotonicMs, sample.rssBytes);
    requests.add(sample.monotonicMs, trafficOf(sample).count);
    const full = sample.gc?.kind === 'major';
    this.#take('external', 'external', externalBytes(sample), sample, full);
    this.#take('contexts', 'NativeContext', sample.nativeContexts, sample, full);
    this.#collectedSinceTick ||= full;
    if (sample.cause !== 'timer') return ended;
    // The resident set of a sample at a collection may be a second older than its heap, and what is finalised by the
    // collection is given back after it: the next tick is the first to see it.
    this.#take('native', 'native', unexplainedBytes(sample), sample, this.#collectedSinceTick);
    this.#collectedSinceTick = false;
    sockets.add(sample.monotonicMs, openSockets(sample) ?? 0);
    this.#takeHandles(sample);
    return ended;
  }

  series(): readonly SignalSeries[] {
    return [...this.#series.values()].map(({ kind, type, floors, collected }) => ({
      kind,
      type,
      floors: floors.points(),
      peak: floors.peak,
      collected: collected?.all() ?? null,
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
    const key = keyOf(kind, type);
    let series = this.#series.get(key);
    if (series === undefined) {
      const collected = kind === 'handles' ? null : new FloorSeries(this.#slotMs);
      series = { kind, type, floors: new FloorSeries(this.#slotMs), collected };
      this.#series.set(key, series);
    }
    return series;
  }
}

/** Sockets and pipes open; null where the sample did not count them. */
export function openSockets({ handles }: HeapSample): number | null {
  return handles === null ? null : countOf(handles, CONNECTION_TYPES);
}

function countOf(handles: Readonly<Record<string, number>>, types: readonly string[]): number {
  return types.reduce((sum, type) => sum + (handles[type] ?? 0), 0);
}

function keyOf(kind: OutsideKind, type: string): string {
  return `${kind} ${type}`;
}

/** V8 counts array buffers in, on every Node from 20 to 26; what a version may leave out is not less than they are. */
function externalBytes(sample: HeapSample): number {
  return Math.max(sample.externalBytes, sample.arrayBuffersBytes);
}

/**
 * Anonymous resident memory that neither V8's heap, nor external memory, nor V8's own allocations explain. Never below
 * zero: buffers that were allocated and not yet written to are external, but not resident, and their being filled is
 * no growth.
 */
function unexplainedBytes(sample: HeapSample): number {
  const anonymous = sample.rssBytes - sample.sharedBytes;
  return Math.max(0, anonymous - sample.committedBytes - externalBytes(sample) - sample.mallocedBytes);
}
