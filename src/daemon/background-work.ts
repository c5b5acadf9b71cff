import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { ERROR_STAGES, type ErrorStage } from './daemon-status.js';

/**
 * Runs the watcher's work in the service's thread. An error must not reach the service: it is counted, logged once per
 * stage, and watching goes on. Adds up the CPU of all of it, and of forked children and analysis processes.
 */
export class BackgroundWork {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #errors = Object.fromEntries(ERROR_STAGES.map((stage) => [stage, 0])) as Record<
    ErrorStage,
    number
  >;
  #cpuSeconds = 0;
  #running = false;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Failures so far. */
  get errors(): Readonly<Record<ErrorStage, number>> {
    return { ...this.#errors };
  }

  get cpuSeconds(): number {
    return this.#cpuSeconds;
  }

  addProcesses(cpuSeconds: number): void {
    this.#cpuSeconds += cpuSeconds;
  }

  /** False when `work` threw. Its time counts until it returns: nested work once, asynchronous work up to its first await. */
  guard(stage: ErrorStage, work: () => void): boolean {
    const isOutermost = !this.#running;
    this.#running = true;
    const fromMs = this.#clock.monotonicMs();
    try {
      work();
      return true;
    } catch (error) {
      this.record(stage, error);
      return false;
    } finally {
      if (isOutermost) {
        this.#running = false;
        this.#cpuSeconds += (this.#clock.monotonicMs() - fromMs) / 1000;
      }
    }
  }

  record(stage: ErrorStage, error: unknown): void {
    this.count(stage);
    const message = say`${stage} failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#errors[stage] === 1) this.#logger.warn(message);
    else this.#logger.debug(message);
  }

  /** For errors that are logged elsewhere. */
  count(stage: ErrorStage): void {
    this.#errors[stage] += 1;
  }
}
