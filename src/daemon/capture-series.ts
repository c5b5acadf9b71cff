import type { PaceRules } from '../pace/pace.js';
import type { SeriesSituation } from '../trigger/capture-decision.js';

/** Failures in a row that end a series: another try soon would fail as well. */
const MAX_FAILURES = 3;

/** Between two captures, wall and monotonic clock drift apart by less than this unless someone sets the wall clock. */
const CLOCK_STEP_MS = 1000;

/** The running series of captures: what the next analysis needs, and when to give up. */
export class CaptureSeries {
  readonly #rules: PaceRules;
  #now: Omit<SeriesSituation, 'confirmed'> = { captures: 0, lastAtMs: null, flat: 0, coolDownUntilMs: 0 };
  #failures = 0;
  #memory: Uint8Array | null = null;
  /** Wall clock minus monotonic clock, when the latest capture began and when the remembered one did. */
  #offsetMs = 0;
  #memoryOffsetMs: number | null = null;

  constructor(rules: PaceRules) {
    this.#rules = rules;
  }

  /** What the analyses so far remember, to be handed to the next one. */
  get memory(): Uint8Array | null {
    return this.#memory;
  }

  situation(confirmed: boolean): SeriesSituation {
    return { ...this.#now, confirmed };
  }

  /** How far the wall clock was set since the capture that the analyses remember last. */
  get clockStepMs(): number {
    const stepMs = Math.round(this.#offsetMs - (this.#memoryOffsetMs ?? this.#offsetMs));
    return Math.abs(stepMs) < CLOCK_STEP_MS ? 0 : stepMs;
  }

  began(nowMs: number, monotonicMs: number): void {
    this.#offsetMs = nowMs - monotonicMs;
    this.#now = { ...this.#now, captures: this.#now.captures + 1, lastAtMs: nowMs };
  }

  /** The latest capture was cancelled: it is no part of the series. */
  withdrawn(): void {
    this.#now = { ...this.#now, captures: Math.max(0, this.#now.captures - 1) };
  }

  succeeded(memory: Uint8Array): void {
    this.#memory = memory;
    this.#memoryOffsetMs = this.#offsetMs;
    this.#failures = 0;
  }

  /** A limit prevented a capture, or one failed: the next try comes after the usual spacing. */
  missed(nowMs: number): void {
    this.#now = { ...this.#now, lastAtMs: nowMs };
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.callOff(nowMs);
  }

  /** `grew`: the latest capture showed growth that is or may become a finding; `open`: a finding is still to be followed. */
  judged(nowMs: number, grew: boolean, open: boolean): void {
    this.#now = { ...this.#now, flat: grew ? 0 : this.#now.flat + 1 };
    if (this.#now.flat >= this.#rules.flatCapturesToStop && !open) this.callOff(nowMs);
  }

  /** Ends the series, or what would have started one. */
  callOff(nowMs: number): void {
    this.restart();
    this.#now = { ...this.#now, coolDownUntilMs: nowMs + this.#rules.coolDownMs };
  }

  /** The next capture is the first of a series. */
  restart(): void {
    this.#now = { ...this.#now, captures: 0, flat: 0 };
    this.#failures = 0;
    this.#memory = null;
  }
}
