import type { Clock } from '../runtime/clock.js';
import type { SamplingSlot, SlotReading } from './sampling-slot.js';
import { type GrowingSite, SiteGrowth } from './site-growth.js';

/**
 * `sampling`: with a profiler of our own. `shared`: another's is read. `waiting`: it can be read only where a full
 * collection does no harm. `off`: not at all, for good.
 */
const SITES_STATES = ['sampling', 'shared', 'waiting', 'off'] as const;
type SitesState = (typeof SITES_STATES)[number];

interface SitesStatus {
  readonly state: SitesState;
  readonly reason: string;
  /** Of our own profiler, bytes between two samples on the average; null where it is another's, or there is none. */
  readonly intervalBytes: number | null;
  readonly readings: number;
  /** What the latest reading took of the service's thread; waiting for a processor is not in it. */
  readonly readMs: number;
}

/** A port: where the memory is allocated that survives. Nothing of it throws. Times: milliseconds, any one base. */
export interface AllocationSites {
  start(nowMs: number): void;
  /** V8 has just collected all garbage by itself: what is sampled now is alive. */
  afterMajorGc(nowMs: number): void;
  /** To be called now and then: full collections may not come for minutes. */
  onTick(nowMs: number): void;
  /** The service stands still, and is collected, for a capture: the one moment where a reading may collect too. */
  atPause(nowMs: number): void;
  /** Sites that hold more than at the first reading, most growth first; at most 64. Empty before the third reading. */
  growing(): readonly GrowingSite[];
  status(): SitesStatus;
  stop(): void;
}

export interface SitesOptions {
  /** Bytes between two samples on the average, to begin with. */
  readonly intervalBytes: number;
  /** Least time between two readings. */
  readonly spacingMs: number;
  /** Time after which a tick reads, where no full collection came. */
  readonly tickMs: number;
}

const KIB = 1024;
const DEFAULTS: SitesOptions = { intervalBytes: 512 * KIB, spacingMs: 5000, tickMs: 15_000 };
/** Coarser than this a site of some megabytes would be missed. */
const MAX_INTERVAL_BYTES = 16 * KIB * KIB;
/** Part of one core that reading may take on the average. */
const READING_SHARE = 0.001;
/** A reading that takes longer has too many samples. */
const DEAR_READING_MS = 5;
/** One reading may be unlucky: V8 may have collected in the midst of it, or the machine was busy elsewhere. */
const TIMES_IN_A_ROW = 3;
/** However long a reading took, the next one comes within this time. */
const MAX_SPACING_MS = 60_000;
/** A sample takes some 3 µs, with deep stacks several times that: so many take less than 1 % of a core. */
const MAX_SAMPLES_PER_SECOND = 500;
/** How long a slot that somebody else holds is left alone before it is tried again. */
const RETRY_MS = 60_000;
/** Readings of which something can be said. */
const MIN_READINGS = 3;

export function createAllocationSites(
  slot: SamplingSlot,
  clock: Clock,
  options: Partial<SitesOptions> = {},
): AllocationSites {
  return new SampledSites(slot, clock, { ...DEFAULTS, ...options });
}

/** Where sites are not wanted, or cannot be had. */
export function noAllocationSites(reason: string): AllocationSites {
  const status: SitesStatus = { state: 'off', reason, intervalBytes: null, readings: 0, readMs: 0 };
  return {
    start() {},
    afterMajorGc() {},
    onTick() {},
    atPause() {},
    growing: () => [],
    status: () => status,
    stop() {},
  };
}

class SampledSites implements AllocationSites {
  readonly #slot: SamplingSlot;
  readonly #clock: Clock;
  readonly #options: SitesOptions;
  readonly #growth = new SiteGrowth();
  #state: SitesState = 'off';
  #reason = 'not started';
  /** Somebody samples, ourselves or another. */
  #held = false;
  /** Reading who samples forces a full collection. */
  #collects = false;
  #intervalBytes: number;
  #readings = 0;
  #readMs = 0;
  #collectedInRow = 0;
  #dearInRow = 0;
  #nextReadMs = 0;
  #nextTakeMs = 0;
  #last: { readonly atMs: number; readonly newestSample: number; readonly liveBytes: number } | null = null;
  /** The profiler is another than at the latest reading. */
  #renewed = false;

  constructor(slot: SamplingSlot, clock: Clock, options: SitesOptions) {
    this.#slot = slot;
    this.#clock = clock;
    this.#options = options;
    this.#intervalBytes = options.intervalBytes;
  }

  start(nowMs: number): void {
    if (!this.#held) this.#take(nowMs, false);
    this.#nextReadMs = nowMs + this.#options.spacingMs;
  }

  afterMajorGc(nowMs: number): void {
    if (nowMs >= this.#nextReadMs) this.#read(nowMs, false);
  }

  onTick(nowMs: number): void {
    const lastMs = this.#last?.atMs ?? Number.NEGATIVE_INFINITY;
    if (nowMs >= this.#nextReadMs && nowMs - lastMs >= this.#options.tickMs) this.#read(nowMs, false);
  }

  atPause(nowMs: number): void {
    this.#read(nowMs, true);
  }

  growing(): readonly GrowingSite[] {
    return this.#growth.readings < MIN_READINGS ? [] : this.#growth.growing();
  }

  status(): SitesStatus {
    return {
      state: this.#state,
      reason: this.#reason,
      intervalBytes: this.#state === 'sampling' ? this.#intervalBytes : null,
      readings: this.#readings,
      readMs: this.#readMs,
    };
  }

  stop(): void {
    this.#slot.release();
    this.#held = false;
    this.#enter('off', 'stopped');
    this.#nextTakeMs = Number.POSITIVE_INFINITY;
  }

  #enter(state: SitesState, reason: string): void {
    this.#state = state;
    this.#reason = reason;
  }

  #take(nowMs: number, mayCollect: boolean): void {
    this.#nextTakeMs = nowMs + RETRY_MS;
    const claim = this.#slot.take(this.#intervalBytes, mayCollect);
    this.#held = claim.hold !== null;
    if (claim.hold === null) {
      this.#enter(claim.forGood ? 'off' : 'waiting', claim.reason);
      if (claim.forGood) this.#nextTakeMs = Number.POSITIVE_INFINITY;
      return;
    }
    if (claim.hold !== 'taken') {
      this.#collects = claim.hold === 'collecting';
      this.#renewed = true;
      this.#enter(
        'sampling',
        this.#collects ? 'begun by the inspector: read at captures only' : 'a profiler of its own',
      );
      return;
    }
    // One that was found to collect is not tried again; its end shows when the slot can be taken.
    this.#renewed ||= this.#state === 'sampling';
    this.#enterTaken();
  }

  #enterTaken(): void {
    if (this.#collects)
      this.#enter('waiting', 'the one slot is held by another profiler, whose readings collect or take long');
    else this.#enter('shared', 'the one slot is held by another profiler, whose samples are read');
  }

  #read(nowMs: number, mayCollect: boolean): void {
    const mayTake = nowMs >= this.#nextTakeMs || (!this.#held && mayCollect);
    if (this.#state === 'waiting' && mayTake) this.#take(nowMs, mayCollect);
    if (!this.#held || this.#state === 'off' || (this.#collects && !mayCollect)) return;
    const fromMs = this.#clock.monotonicMs();
    const reading = this.#slot.read();
    this.#readMs = Math.min(this.#clock.monotonicMs() - fromMs, reading?.cpuMs ?? 0);
    const restMs = Math.min(MAX_SPACING_MS, this.#readMs / READING_SHARE);
    this.#nextReadMs = nowMs + Math.max(this.#options.spacingMs, restMs);
    if (reading !== null) {
      this.#keep(reading, nowMs);
      return;
    }
    // Whoever held the slot, or joined in, has stopped it.
    this.#collects = false;
    this.#take(nowMs, mayCollect);
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
    this.#dearInRow = this.#readMs > DEAR_READING_MS ? this.#dearInRow + 1 : 0;
    // Of one of our own the interval is widened; another's is left alone.
    const disturbs = this.#collectedInRow >= TIMES_IN_A_ROW || this.#dearInRow >= TIMES_IN_A_ROW;
    if (this.#state === 'shared' && disturbs && !this.#collects) this.#leave(nowMs);
    else if (this.#state === 'sampling' && !this.#collects) this.#adapt(perSecond, nowMs);
  }

  /** Somebody has stopped the profiler and started another between two readings; this one knows of recent samples only. */
  #isAnother(newest: number, liveBytes: number): boolean {
    return this.#last !== null && newest < this.#last.newestSample && liveBytes < this.#last.liveBytes / 2;
  }

  /** Whoever started it did so by the inspector, or finely, and reading it would disturb the service. */
  #leave(nowMs: number): void {
    this.#collects = true;
    this.#collectedInRow = 0;
    this.#dearInRow = 0;
    this.#nextTakeMs = nowMs + RETRY_MS;
    this.#enterTaken();
  }

  /** A coarser profiler must be a new one. What the old one knew of is kept as it was. */
  #adapt(samplesPerSecond: number, nowMs: number): void {
    const tooMany = samplesPerSecond / MAX_SAMPLES_PER_SECOND;
    const factor = Math.max(tooMany, this.#dearInRow >= TIMES_IN_A_ROW ? 2 : 0);
    if (factor <= 1 || this.#intervalBytes >= MAX_INTERVAL_BYTES) return;
    this.#dearInRow = 0;
    this.#slot.release();
    this.#intervalBytes = Math.min(
      MAX_INTERVAL_BYTES,
      this.#intervalBytes * 2 ** Math.ceil(Math.log2(factor)),
    );
    this.#take(nowMs, false);
  }
}
