import { writeSync } from 'node:fs';

export const LOG_LEVELS = ['silent', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Logger {
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** Writes whole lines to `write`, each prefixed with `leakwatch: `, at `level` and above. */
export function createLogger(level: LogLevel, write: (line: string) => void): Logger {
  const enabled = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(name);
    return (message: string) => {
      if (rank <= enabled) write(`leakwatch: ${message.replaceAll('\n', '\n  ')}\n`);
    };
  };
  return { warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** Passes lines on to the host's logger, whose failures must not become failures of the service. */
export function createGuardedLogger(logger: Logger): Logger {
  const guarded = (level: keyof Logger) => (message: string) => {
    try {
      const answer: unknown = logger[level](message);
      if (answer instanceof Promise) answer.catch(() => {});
    } catch {
      // The logger is closed or full; there is nowhere to report that.
    }
  };
  return { warn: guarded('warn'), info: guarded('info'), debug: guarded('debug') };
}

/** Writes synchronously, and drops the line if stderr is closed or full: a log line must never harm the service. */
export function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // EPIPE, EAGAIN, EBADF: stderr is closed, or its reader is too slow.
  }
}
