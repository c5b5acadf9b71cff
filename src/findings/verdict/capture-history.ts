import type { GrowthStep } from '../../heap/suspects/suspect.js';
import { LEAST_REQUESTS } from '../../trend/levelling-off.js';

/** What the process had done by the time of one capture. Verdicts compare growth with it. */
export interface CaptureContext {
  /** Time of its growth step, milliseconds since the Unix epoch. */
  readonly atMs: number;
  /** Requests served, or made where it serves none, since watching began. */
  readonly requests: number;
  /** Open sockets and pipes; null if unknown. */
  readonly openSockets: number | null;
  /** Full GCs by V8 itself since watching began. */
  readonly majorCollections: number;
}

/** Contexts of captures kept, a day of them at the production pace when something is suspected; the oldest leave. */
const MAX_CONTEXTS = 256;

/** What the process had done by the time of each capture. */
export class CaptureHistory {
  #contexts: readonly CaptureContext[];

  constructor(contexts: readonly CaptureContext[] = []) {
    this.#contexts = contexts;
  }

  /** If the wall clock was set since the previous one, earlier times move with it, as those of the growth steps do. */
  add(context: CaptureContext, clockStepMs = 0): void {
    const before = this.#contexts.map((one) => ({ ...one, atMs: one.atMs + clockStepMs }));
    this.#contexts = [...before, context].slice(-MAX_CONTEXTS);
  }

  at({ atMs }: GrowthStep): CaptureContext | null {
    return this.#contexts.find((context) => context.atMs === atMs) ?? null;
  }

  requestsBetween(from: GrowthStep, to: GrowthStep): number | null {
    const [before, after] = [this.at(from), this.at(to)];
    return before === null || after === null ? null : after.requests - before.requests;
  }

  get servesRequests(): boolean {
    return (this.#contexts.at(-1)?.requests ?? 0) >= LEAST_REQUESTS;
  }

  /** Between the latest two captures; null if no traffic was ever counted. */
  get requestsPerSecond(): number | null {
    const [before, now] = this.#contexts.slice(-2);
    if (before === undefined || now === undefined || now.atMs <= before.atMs) return null;
    return this.servesRequests ? ((now.requests - before.requests) / (now.atMs - before.atMs)) * 1000 : null;
  }
}
