import type { PaceRules } from '../pace/pace.js';
import type { SeriesSituation } from '../trigger/capture-decision.js';

/** Failures in a row that end a series: something is wrong that another try soon will not mend. */
const MAX_FAILURES = 3;

/** The running series of captures: what the next analysis needs, and when to give up. */
export class CaptureSeries {
  readonly #rules: PaceRules;
  #captures = 0;
  #flat = 0;
  #failures = 0;
  #lastAtMs: number | null = null;
  #coolDownUntilMs = 0;
  #memory: Uint8Array | null = null;

  constructor(rules: PaceRules) {
    this.#rules = rules;
  }

  /** What the analyses so far remember, to be handed to the next one. */
  get memory(): Uint8Array | null {
    return this.#memory;
  }

  situation(confirmed: boolean): SeriesSituation {
    return {
      captures: this.#captures,
      lastAtMs: this.#lastAtMs,
      flat: this.#flat,
      coolDownUntilMs: this.#coolDownUntilMs,
      confirmed,
    };
  }

  began(nowMs: number): void {
    this.#captures += 1;
    this.#lastAtMs = nowMs;
  }

  succeeded(memory: Uint8Array): void {
    this.#memory = memory;
    this.#failures = 0;
  }

  /** A limit forbade a capture, or one failed: the next try waits its turn. */
  missed(nowMs: number): void {
    this.#lastAtMs = nowMs;
    this.#failures += 1;
    if (this.#failures >= MAX_FAILURES) this.#end(nowMs);
  }

  /** `grew`: the latest capture showed growth that is or may become a finding; `open`: a finding is still to be followed. */
  judged(nowMs: number, grew: boolean, open: boolean): void {
    this.#flat = grew ? 0 : this.#flat + 1;
    if (this.#flat >= this.#rules.flatCapturesToStop && !open) this.#end(nowMs);
  }

  /** What would have started a series turned out to be nothing. */
  callOff(nowMs: number): void {
    this.#end(nowMs);
  }

  #end(nowMs: number): void {
    this.#captures = 0;
    this.#flat = 0;
    this.#failures = 0;
    this.#memory = null;
    this.#coolDownUntilMs = nowMs + this.#rules.coolDownMs;
  }
}
