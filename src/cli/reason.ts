import { UsageError } from './command.js';

const LEAST = 10;
const MOST = 500;

/** A reason as the service takes it. Throws a `UsageError`. */
export function reasonOf(text: string, option: string): string {
  const reason = text.trim();
  if (reason.length < LEAST) throw new UsageError(`${option} takes ${LEAST} characters or more`);
  if (reason.length > MOST) throw new UsageError(`${option} takes ${MOST} characters at most`);
  return reason;
}
