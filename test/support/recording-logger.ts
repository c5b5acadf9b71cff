import type { Logger } from '../../src/runtime/logger.js';

export interface RecordingLogger extends Logger {
  readonly lines: { readonly level: 'warn' | 'info' | 'debug'; readonly message: string }[];
}

export function createRecordingLogger(): RecordingLogger {
  const lines: RecordingLogger['lines'] = [];
  return {
    lines,
    warn: (message) => void lines.push({ level: 'warn', message }),
    info: (message) => void lines.push({ level: 'info', message }),
    debug: (message) => void lines.push({ level: 'debug', message }),
  };
}
