import type { Clock } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import { MIB } from '../runtime/units.js';
import type { SampledMemory } from './sampling-profile.js';
import type { SamplingSlot, SlotReading } from './sampling-slot.js';
import { type GrowingSite, SiteGrowth } from './site-growth.js';

/**
 * `sampling`: our own profiler runs. `shared`: another profiler is read. `waiting`: another one is there, and reading it
 * would force full GCs or take long. `off`: no sites, permanently.
 */
type SitesState = 'sampling' | 'shared' | 'waiting' | 'off';

interface SitesStatus {
  readonly state: SitesState;
  readonly reason: string;
  /** Of our own profiler: mean bytes between two samples; null if the profiler is another's or there is none. */
  readonly intervalBytes: number | null;
  /** ISO 8601, of our own profiler: it knows nothing allocated earlier. A wider interval needs another one. */
  readonly since: string | null;
  readonly readings: number;
  /** Time that the latest reading took on the service's thread, without waiting for a processor. */
  readonly readMs: number;
}

/** What our own profiler holds. */
export interface OwnSamples extends SampledMemory {
  /** Mean bytes between two samples. */
  readonly intervalBytes: number;
  /** Epoch milliseconds: it knows nothing allocated earlier. */
  readonly sinceMs: number;
}

/** A port: where surviving memory is allocated. No method throws. Times: milliseconds, in any one time base. */
export interface AllocationSites {
  start(nowMs: number): void;
  /** V8 has just run a full GC of its own accord: everything sampled now is alive. */
  afterMajorGc(nowMs: number): void;
  /** Call it regularly: a full GC may be minutes away. */
  onTick(nowMs: number): void;
  /** Sites that hold more than at the first reading, most growth first; at most 64. Empty before the third reading. */
  growing(): readonly GrowingSite[];
  status(): SitesStatus;
  /** What is sampled now, read without a GC; or why there is nothing to read. */
  samples(): OwnSamples | { readonly refused: string };
  stop(): void;
}

export interface SitesOptions {
  /** Mean bytes between two samples, at the start. */
  readonly intervalBytes: number;
  /** Least time between two readings. */
  readonly spacingMs: number;
  /** Without a full GC for this long, a tick reads. */
  readonly tickMs: number;
}

/** A coarser interval would miss a site of some megabytes. */
const MAX_INTERVAL_BYTES = 16 * MIB;
/** Share of one core that readings may take on average. */
const READING_SHARE = 0.001;
/** A reading that takes longer has too many samples. */
const SLOW_READING_MS = 5;
/** A single reading proves nothing: V8 may have collected during it, or the machine was busy. */
const TIMES_IN_A_ROW = 3;
/** The next reading comes within this time, however long the last one took. */
const MAX_SPACING_MS = 60_000;
/** A sample takes some 3 µs, and several times that with deep stacks: this many take less than 1 % of a core. */
const MAX_SAMPLES_PER_SECOND = 500;
/** How long a slot held by another profiler is left alone before we try again. */
const RETRY_MS = 60_000;
/** Readings needed for a statement about growth. */
const MIN_READINGS = 3;

export class SampledSites implements AllocationSites {
  readonly #slot: SamplingSlot;
  readonly #clock: Clock;
  readonly #options: SitesOptions;
  readonly #growth = new SiteGrowth();
  #state: SitesState = 'off';
  #reason = say`not started`;
  /** A profiler runs, ours or another. */
  #held = false;
  #intervalBytes: number;
  #readings = 0;
  #readMs = 0;
  #collectedInRow = 0;
  #slowInRow = 0;
  #nextReadMs = 0;
  #nextTakeMs = 0;
  #sinceMs = 0;
  #last: { readonly atMs: number; readonly newestSample: number; readonly liveBytes: number } | null = null;
  /** It is not the profiler of the latest reading. */
  #renewed = false;

  constructor(slot: SamplingSlot, clock: Clock, options: SitesOptions) {
    this.#slot = slot;
    this.#clock = clock;
    this.#options = options;
    this.#intervalBytes = options.intervalBytes;
  }

  start(nowMs: number): void {
    if (!this.#held) this.#take(nowMs);
    this.#nextReadMs = nowMs + this.#options.spacingMs;
  }

  afterMajorGc(nowMs: number): void {
    if (nowMs >= this.#nextReadMs) this.#read(nowMs);
  }

  onTick(nowMs: number): void {
    const lastMs = this.#last?.atMs ?? Number.NEGATIVE_INFINITY;
    if (nowMs >= this.#nextReadMs && nowMs - lastMs >= this.#options.tickMs) this.#read(nowMs);
  }

  growing(): readonly GrowingSite[] {
    return this.#growth.readings < MIN_READINGS ? [] : this.#growth.growing();
  }

  status(): SitesStatus {
    const isOurs = this.#state === 'sampling';
    return {
      state: this.#state,
      reason: this.#reason,
      intervalBytes: isOurs ? this.#intervalBytes : null,
      since: isOurs ? new Date(this.#sinceMs).toISOString() : null,
      readings: this.#readings,
      readMs: this.#readMs,
    };
  }

  samples(): OwnSamples | { readonly refused: string } {
    if (this.#state !== 'sampling') return { refused: this.#reason };
    const memory = this.#slot.readWhole();
    if (memory === null)
      return { refused: say`other code has stopped the profiler; it is started again with the next reading` };
    return { ...memory, intervalBytes: this.#intervalBytes, sinceMs: this.#sinceMs };
  }

  stop(): void {
    this.#slot.release();
    this.#held = false;
    this.#enter('off', 'stopped');
  }

  #enter(state: SitesState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
  }

  #take(nowMs: number): void {
    this.#nextTakeMs = nowMs + RETRY_MS;
    const claim = this.#slot.take(this.#intervalBytes);
    this.#held = claim.hold !== null;
    if (claim.hold === null) {
      this.#enter('off', claim.reason);
    } else if (claim.hold === 'ours') {
      this.#renewed = true;
      this.#sinceMs = this.#clock.now();
      this.#enter('sampling', say`our own profiler`);
    } else if (this.#state !== 'waiting') {
      this.#renewed ||= this.#state === 'sampling';
      this.#enter('shared', say`another profiler holds V8's only slot; its samples are read`);
    }
  }

  #read(nowMs: number): void {
    // A profiler that disturbs is not read again; once it ends, the slot can be taken.
    if (this.#state === 'waiting' && nowMs >= this.#nextTakeMs) this.#take(nowMs);
    if (!this.#held || this.#state === 'waiting') return;
    const fromMs = this.#clock.monotonicMs();
    const reading = this.#slot.read();
    this.#readMs = Math.min(this.#clock.monotonicMs() - fromMs, reading?.cpuMs ?? 0);
    const restMs = Math.min(MAX_SPACING_MS, this.#readMs / READING_SHARE);
    this.#nextReadMs = nowMs + Math.max(this.#options.spacingMs, restMs);
    if (reading !== null) {
      this.#keep(reading, nowMs);
      return;
    }
    // The holder of the slot, or someone who shared it, has stopped the profiler.
    this.#take(nowMs);
  }

  #keep(reading: SlotReading, nowMs: number): void {
    const { stacks, newestSample, collected } = reading;
    const liveBytes = stacks.reduce((sum, stack) => sum + stack.liveBytes, 0);
    this.#readings += 1;
    this.#growth.add(nowMs, stacks, this.#renewed || this.#isAnother(newestSample, liveBytes));
    const samples = newestSample - (this.#renewed ? 0 : (this.#last?.newestSample ?? 0));
    const perSecond = this.#last === null ? 0 : (samples / (nowMs - this.#last.atMs)) * 1000;
    this.#renewed = false;
    this.#last = { atMs: nowMs, newestSample, liveBytes };
    this.#collectedInRow = collected ? this.#collectedInRow + 1 : 0;
    this.#slowInRow = this.#readMs > SLOW_READING_MS ? this.#slowInRow + 1 : 0;
    // Our own interval can be widened; another profiler is left alone.
    const disturbs = this.#collectedInRow >= TIMES_IN_A_ROW || this.#slowInRow >= TIMES_IN_A_ROW;
    if (this.#state === 'shared' && disturbs) this.#leave(nowMs);
    else if (this.#state === 'sampling') this.#adapt(perSecond, nowMs);
  }

  /** Someone stopped the profiler and started another between two readings; the new one has recent samples only. */
  #isAnother(newest: number, liveBytes: number): boolean {
    return this.#last !== null && newest < this.#last.newestSample && liveBytes < this.#last.liveBytes / 2;
  }

  /** It was started through the inspector, or with a fine interval: reading it would disturb the service. */
  #leave(nowMs: number): void {
    this.#collectedInRow = 0;
    this.#slowInRow = 0;
    this.#nextTakeMs = nowMs + RETRY_MS;
    this.#enter(
      'waiting',
      say`another profiler holds V8's only slot, and reading it forces a full GC or takes long`,
    );
  }

  /** A wider interval needs a new profiler. What the old one sampled is kept. */
  #adapt(samplesPerSecond: number, nowMs: number): void {
    const tooMany = samplesPerSecond / MAX_SAMPLES_PER_SECOND;
    const factor = Math.max(tooMany, this.#slowInRow >= TIMES_IN_A_ROW ? 2 : 0);
    if (factor <= 1 || this.#intervalBytes >= MAX_INTERVAL_BYTES) return;
    this.#slowInRow = 0;
    this.#slot.release();
    this.#intervalBytes = Math.min(
      MAX_INTERVAL_BYTES,
      this.#intervalBytes * 2 ** Math.ceil(Math.log2(factor)),
    );
    this.#take(nowMs);
  }
}
