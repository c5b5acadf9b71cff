/** Checks of one option each. They throw a `LeakwatchError` that says how to fix the option. */
import { LeakwatchError } from '../errors.js';
import { nearestName } from '../runtime/nearest-name.js';

export function oneOf<T extends string>(
  given: T | undefined,
  known: readonly T[],
  fallback: T,
  name: string,
): T {
  if (given === undefined) return fallback;
  if (known.includes(given)) return given;
  throw invalid(`${name} is one of ${known.map((value) => `'${value}'`).join(', ')}, not ${shown(given)}`);
}

export function text(given: string | undefined, name: string): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'string' || given.trim() === '') throw invalid(`${name} takes a non-empty string`);
  return given;
}

export function list(given: readonly string[] | undefined, name: string, what: string): readonly string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || given.some((one) => typeof one !== 'string' || one === ''))
    throw invalid(`${name} takes a list of ${what}`);
  return [...given];
}

export function flag(given: boolean | undefined, name: string): boolean {
  if (given === undefined) return false;
  if (typeof given !== 'boolean') throw invalid(`${name} is true or false, not ${shown(given)}`);
  return given;
}

export function positive(given: number | undefined, fallback: number, name: string): number {
  if (given === undefined) return fallback;
  if (typeof given !== 'number' || !Number.isFinite(given) || given <= 0) {
    throw invalid(`${name} takes a number above 0, not ${shown(given)}`);
  }
  return given;
}

export function shown(value: unknown): string {
  return String(JSON.stringify(value) ?? typeof value).slice(0, 60);
}

export function invalid(message: string): LeakwatchError {
  return new LeakwatchError('LEAKWATCH_ERR_INVALID_OPTION', `${message}.`);
}

export function refuseUnknown(given: readonly string[], known: readonly string[], what: string): void {
  for (const name of given) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const offer = near === null ? `Known names: ${known.join(', ')}.` : `Did you mean '${near}'?`;
    throw new LeakwatchError('LEAKWATCH_ERR_UNKNOWN_OPTION', `Unknown ${what} '${name}'. ${offer}`);
  }
}
