import { UsageError } from './command.js';

const HOUR_MS = 3_600_000;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: HOUR_MS };
const LONGEST_MS = 7 * 24 * HOUR_MS;

/** `90s`, `1.5m`, `5min`, `1h`; seconds if there is no unit. Throws a `UsageError` that names the option. */
export function durationMs(text: string, option: string): number {
  const [, digits, unit = 's'] = /^(\d{1,9}(?:\.\d{1,3})?)(s|m|min|h)?$/.exec(text) ?? [];
  const ms = Number(digits) * UNITS_MS[unit]!;
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new UsageError(`${option} takes a time such as 90s, 5m or 1h, up to 7 days`);
}
