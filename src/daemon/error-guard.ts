import type { Logger } from '../runtime/logger.js';
import type { CostMeter } from './cost-meter.js';
import { ERROR_STAGES, type ErrorStage } from './daemon-status.js';

/** The service must not feel a fault of ours: it is counted, said once a stage, and the watching goes on. */
export class ErrorGuard {
  readonly #logger: Logger;
  readonly #cost: CostMeter;
  readonly #counts = Object.fromEntries(ERROR_STAGES.map((stage) => [stage, 0])) as Record<
    ErrorStage,
    number
  >;

  /** What is guarded is measured by `cost`. */
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
    const message = `${stage} failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#counts[stage] === 1) this.#logger.warn(message);
    else this.#logger.debug(message);
  }

  /** Of what was said elsewhere. */
  count(stage: ErrorStage): void {
    this.#counts[stage] += 1;
  }
}
