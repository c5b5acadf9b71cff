import type { Fingerprint } from '../heap/naming/retainer-step.js';

/** Values of a file that anybody with the rights may have written or cut off: everything is checked. */

/** Longest name or line that is read. */
export const MAX_TEXT = 500;

/** A value is not what it ought to be; its message is the field's name. */
export class Malformed extends Error {}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('structure');
  return value as Readonly<Record<string, unknown>>;
}

export function list<T>(value: unknown, most: number, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw new Malformed('structure');
  return value.slice(0, most).map(read);
}

export function orNull<T>(value: unknown, read: (one: unknown) => T): T | null {
  return value === null ? null : read(value);
}

export function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value.length > MAX_TEXT) throw new Malformed(field);
  return value;
}

export function number(value: unknown, field: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(field);
  return value;
}

export function time(value: unknown): string {
  const iso = text(value, 'time');
  if (!Number.isFinite(Date.parse(iso))) throw new Malformed('time');
  return iso;
}

export function fingerprint(value: unknown): Fingerprint {
  if (typeof value !== 'string' || !/^lw-[0-9a-f]{16}$/.test(value)) throw new Malformed('id');
  return value as Fingerprint;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Malformed(field);
  return found;
}
