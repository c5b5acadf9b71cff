import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import type { CostMeter } from './cost-meter.js';
import { ERROR_STAGES, type ErrorStage } from './daemon-status.js';

/** An error of the watcher must not reach the service: it is counted, logged once per stage, and watching goes on. */
export class ErrorGuard {
  readonly #logger: Logger;
  readonly #cost: CostMeter;
  readonly #counts = Object.fromEntries(ERROR_STAGES.map((stage) => [stage, 0])) as Record<
    ErrorStage,
    number
  >;

  /** `cost` measures all guarded work. */
  constructor(logger: Logger, cost: CostMeter) {
    this.#logger = logger;
    this.#cost = cost;
  }

  get counts(): Readonly<Record<ErrorStage, number>> {
    return { ...this.#counts };
  }

  /** False when `work` threw. */
  guard(stage: ErrorStage, work: () => void): boolean {
    try {
      this.#cost.run(work);
      return true;
    } catch (error) {
      this.record(stage, error);
      return false;
    }
  }

  record(stage: ErrorStage, error: unknown): void {
    this.count(stage);
    const message = say`${stage} failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#counts[stage] === 1) this.#logger.warn(message);
    else this.#logger.debug(message);
  }

  /** For errors that are logged elsewhere. */
  count(stage: ErrorStage): void {
    this.#counts[stage] += 1;
  }
}
