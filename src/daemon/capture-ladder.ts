import type { CaptureLevel } from '../capture/capture-record.js';
import { type ClassCount, censusIncrease } from '../capture/class-census.js';
import type { HeapDumper } from '../capture/heap-dumper.js';
import type { PaceRules } from '../pace/pace.js';
import { PROBE_SHARE_OF_BUDGET } from './capture-cost.js';

/** Probes may stop the service for this part of its time at most. */
const PROBE_SHARE_OF_TIME = 0.0002;
/** Growth that a census must show, as a part of the slowest growth of interest: objects that come and go with traffic may hide the rest. */
const NOTABLE_PART = 0.5;
/** Growing classes in the status. */
const MAX_INCREASES = 10;

interface Census {
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly liveBytes: number;
  readonly classes: readonly ClassCount[];
}

/** What the latest census showed. */
export interface CensusStatus extends Omit<Census, 'classes'> {
  /** What grew since the first census of the same growth, by bytes; null for a first one. */
  readonly growing: readonly ClassCount[] | null;
}

export interface NextStep {
  readonly level: CaptureLevel;
  /** When its turn comes, epoch milliseconds; null: now. */
  readonly notBeforeMs: number | null;
}

/** Which level comes next: probes while nothing is known of the live heap, censuses when it grows, graphs when they show it. */
export class CaptureLadder {
  readonly #rules: PaceRules;
  readonly #dumper: HeapDumper | null;
  #lastProbeMs = Number.NEGATIVE_INFINITY;
  #first: Census | null = null;
  #comparisons = 0;
  #pays = false;
  #calmSinceMs: number | null = null;
  #latest: CensusStatus | null = null;

  constructor(rules: PaceRules, dumper: HeapDumper | null) {
    this.#rules = rules;
    this.#dumper = dumper;
  }

  get graphLevel(): CaptureLevel {
    return this.#dumper?.levels.includes('sampled') === true ? 'sampled' : 'full';
  }

  get census(): CensusStatus | null {
    return this.#latest;
  }

  /** Whether to measure the live heap, because nothing else has lately. */
  probeDue(nowMs: number, liveAtMs: number | null, heapBytes: number): boolean {
    if (this.#dumper?.levels.includes('probe') !== true) return false;
    const { cpuSeconds, pauseMs } = this.#dumper.predict('probe', heapBytes);
    const spacingMs = Math.max(
      this.#rules.probeSpacingMs,
      (cpuSeconds * 1000) / (this.#rules.captureCpuShare * PROBE_SHARE_OF_BUDGET),
      this.#rules.pauseBudgetMs === 0 ? 0 : pauseMs / PROBE_SHARE_OF_TIME,
    );
    return nowMs - Math.max(this.#lastProbeMs, liveAtMs ?? Number.NEGATIVE_INFINITY) >= spacingMs;
  }

  probed(nowMs: number): void {
    this.#lastProbeMs = nowMs;
  }

  /** The next level for a growth that would start a series. */
  next(nowMs: number): NextStep {
    const { census } = this.#rules;
    if (census === null || this.#pays || this.#dumper?.levels.includes('census') !== true)
      return { level: this.graphLevel, notBeforeMs: null };
    const dueMs =
      this.#first === null ? nowMs : this.#first.atMs + census.spacingMs * (this.#comparisons + 1);
    return { level: 'census', notBeforeMs: nowMs < dueMs ? dueMs : null };
  }

  /**
   * If growth was absent for the length of a cool-down, it has ended: compared with its old census, a new growth would
   * first have to make up for the time in between.
   */
  follow(nowMs: number, grows: boolean): void {
    if (grows) this.#calmSinceMs = null;
    else this.#calmSinceMs ??= nowMs;
    if (this.#calmSinceMs !== null && nowMs - this.#calmSinceMs >= this.#rules.coolDownMs) this.reset();
  }

  /**
   * Adds a census. False if the last allowed comparison showed no growth, so the series is cancelled. Each is compared
   * with the first, so that a leak adds up while objects that come and go with traffic do not.
   */
  counted(census: Census): boolean {
    const first = this.#first;
    this.#latest = {
      atMs: census.atMs,
      liveBytes: census.liveBytes,
      growing: first && censusIncrease(first.classes, census.classes).slice(0, MAX_INCREASES),
    };
    if (first === null) {
      this.#first = census;
      return true;
    }
    this.#comparisons += 1;
    this.#pays = this.#hasGrown(first, census);
    return this.#pays || this.#comparisons < (this.#rules.census?.comparisons ?? 0);
  }

  /** A series began or was cancelled: the next growth is compared with a new first census. */
  reset(): void {
    this.#first = null;
    this.#comparisons = 0;
    this.#pays = false;
  }

  /** Strings, numbers and the like have no class: their growth shows in the live heap only. */
  #hasGrown(before: Census, after: Census): boolean {
    const notableBytes =
      (this.#rules.trend.minBytesPerSecond * (after.atMs - before.atMs) * NOTABLE_PART) / 1000;
    if (after.liveBytes - before.liveBytes >= notableBytes) return true;
    return censusIncrease(before.classes, after.classes).some(({ bytes }) => bytes >= notableBytes);
  }
}
