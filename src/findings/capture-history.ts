import type { CaptureContext } from './verdict/capture-context.js';
import { servesRequests } from './verdict/growth-run.js';

/** Contexts of captures kept, a day of them at the production pace when something is suspected; the oldest leave. */
const MAX_CONTEXTS = 256;

/** What the process had done by the time of each capture. */
export class CaptureHistory {
  #contexts: readonly CaptureContext[] = [];

  get contexts(): readonly CaptureContext[] {
    return this.#contexts;
  }

  add(context: CaptureContext): void {
    this.#contexts = [...this.#contexts, context].slice(-MAX_CONTEXTS);
  }

  /** Between the latest two captures; null if no traffic was ever counted. */
  get requestsPerSecond(): number | null {
    const [before, now] = this.#contexts.slice(-2);
    if (before === undefined || now === undefined || now.atMs <= before.atMs) return null;
    if (!servesRequests(this.#contexts)) return null;
    return ((now.requests - before.requests) / (now.atMs - before.atMs)) * 1000;
  }
}
