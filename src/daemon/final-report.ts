import { accessSync, constants, lstatSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LeakwatchError } from '../errors.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { writeWhole } from './state-directory.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Writes `content()` to a file when the program ends: by itself, by `process.exit()`, by an uncaught error, or by a signal.
 * Signals do what they would do unwatched: the program's own handlers decide, and without any the signal ends it.
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
    // Before all others: listeners added with `once` are no longer counted after their turn.
    for (const signal of SIGNALS) process.prependListener(signal, this.#onSignal);
  }

  disarm(): void {
    process.off('exit', this.write);
    this.#leaveSignals();
  }

  #leaveSignals(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  readonly write = (): void => {
    try {
      this.#put(this.#content());
    } catch (error) {
      this.#logger.warn(
        say`the final report could not be written (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      );
    }
  };

  /** A device, a pipe or a link is written in place; a file is replaced as a whole where its directory allows. */
  #put(content: string): void {
    const stat = lstatSync(this.#path, { throwIfNoEntry: false });
    if (stat?.isFile() === false || !isWritable(dirname(this.#path))) writeFileSync(this.#path, content);
    else writeWhole(this.#path, content);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.write();
    // Some handlers end the program only when there is no other listener, so ours goes before they check.
    this.#leaveSignals();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
}

/** Checked at the start, when it can still be corrected. */
function refuseUnwritable(path: string): void {
  if (isWritable(dirname(path)) || isWritable(path)) return;
  throw new LeakwatchError(
    'LEAKWATCH_ERR_INVALID_OPTION',
    say`The report cannot be written to '${path}'. Name a file in a directory that exists and can be written to (report, LEAKWATCH_REPORT).`,
  );
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
