import { accessSync, constants } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LeakwatchError } from '../errors.js';
import type { Logger } from '../runtime/logger.js';
import { writeWhole } from './state-directory.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Writes `content()` to a file when the program ends: by itself, by `process.exit()`, by an uncaught error, or by a signal.
 * A signal for which the program has no handler of its own still ends it, as it would unwatched.
 */
export class FinalReport {
  readonly #path: string;
  readonly #content: () => string;
  readonly #logger: Logger;

  /** Throws LEAKWATCH_ERR_INVALID_OPTION when the file's directory is not there or cannot be written to. */
  constructor(path: string, content: () => string, logger: Logger) {
    this.#path = resolve(path);
    refuseUnwritable(this.#path);
    this.#content = content;
    this.#logger = logger;
  }

  arm(): void {
    process.on('exit', this.write);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  disarm(): void {
    process.off('exit', this.write);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly write = (): void => {
    try {
      writeWhole(this.#path, this.#content());
    } catch (error) {
      this.#logger.warn(
        `the final report could not be written (${(error as NodeJS.ErrnoException).code ?? error})`,
      );
    }
  };

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    this.write();
    this.disarm();
    process.kill(process.pid, signal);
  };
}

/** Said at the start, when it can still be put right, rather than when the program ends. */
function refuseUnwritable(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_INVALID_OPTION',
      `The report cannot be written to '${path}' (${(error as NodeJS.ErrnoException).code}). Name a file in a directory that exists and can be written to (report, LEAKWATCH_REPORT).`,
      { cause: error },
    );
  }
}
