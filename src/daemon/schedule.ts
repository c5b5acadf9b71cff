import { createTask, type ScheduledTask, validateDetailed } from 'node-cron';
import { LeakwatchError } from '../errors.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';

export interface Job {
  readonly name: 'sample' | 'capture' | 'prune';
  /** Cron expression of five fields, or six with seconds first, in the local time zone. */
  readonly cron: string;
  run(): void | Promise<void>;
}

/** A run later than this, because the service was busy or asleep, is skipped: the next one comes anyway. */
const LATE_MS = 5000;

/** Background jobs on cron expressions. Runs of a job do not overlap, keep no process alive, and an error ends only its run. */
export class Schedule {
  readonly #tasks: readonly ScheduledTask[];

  /** Throws LEAKWATCH_ERR_INVALID_CRON for an expression that cannot be parsed; nothing runs before `start()`. */
  constructor(jobs: readonly Job[], logger: Logger) {
    for (const job of jobs) checkCron(job);
    const quiet = {
      debug: () => {},
      info: () => {},
      warn: (text: string) => logger.debug(`node-cron: ${text}`),
      error: () => {},
    };
    this.#tasks = jobs.map((job) => {
      const run = async () => {
        try {
          await job.run();
        } catch (error) {
          logger.warn(
            say`background job '${job.name}' failed: ${error instanceof Error ? error.message : String(error)}`,
          );
        }
      };
      return createTask(job.cron, run, {
        name: `leakwatch ${job.name}`,
        noOverlap: true,
        unref: true,
        suppressMissedWarning: true,
        missedExecutionTolerance: LATE_MS,
        logger: quiet,
      });
    });
  }

  start(): void {
    for (const task of this.#tasks) void task.start();
  }

  /** Final: node-cron keeps a list of all tasks, and a stopped one would stay in it. */
  stop(): void {
    for (const task of this.#tasks) void task.destroy();
  }
}

function checkCron(job: Job): void {
  const { valid, errors } = validateDetailed(job.cron);
  if (valid) return;
  const detail = errors.map((error) => `${error.field}: ${error.message}`).join('; ');
  throw new LeakwatchError(
    'LEAKWATCH_ERR_INVALID_CRON',
    say`schedule.${job.name} '${job.cron.slice(0, 80)}' is not a cron expression (${detail}). Write five fields, or six with seconds first, such as '*/10 * * * * *'.`,
  );
}
