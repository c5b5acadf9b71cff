/** Values of a file that may have been changed or cut off: everything is checked. */
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import { MAX_LIST, MAX_TEXT } from './bounded.js';

/** `field`: what to name if it is malformed; empty for a whole finding. */
type Reader<T> = (value: unknown, field: string) => T;

/** A value is malformed; the message is the field's name. */
export class Malformed extends Error {}

function reader<T>(is: (value: unknown) => value is T): Reader<T> {
  return (value, field) => {
    if (!is(value)) throw new Malformed(field);
    return value;
  };
}

export const text = reader((value): value is string => typeof value === 'string' && value.length <= MAX_TEXT);
export const number = reader((value): value is number => Number.isFinite(value));
export const time = reader(
  (value): value is string => typeof value === 'string' && Number.isFinite(Date.parse(value)),
);
export const fingerprint = reader(
  (value): value is Fingerprint => typeof value === 'string' && /^lw-[0-9a-f]{16}$/.test(value),
);

export function oneOf<T extends string>(allowed: readonly T[]): Reader<T> {
  return reader((value): value is T => allowed.some((one) => one === value));
}

export function orNull<T>(read: Reader<T>): Reader<T | null> {
  return (value, field) => (value === null ? null : read(value, field));
}

export function list<T>(read: Reader<T>, most = MAX_LIST): Reader<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value)) throw new Malformed(field || 'structure');
    return value.slice(0, most).map((one) => read(one, field));
  };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('structure');
  return value as Readonly<Record<string, unknown>>;
}

/** An object with these fields; others are left out. */
export function shape<T>(readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value, field) => {
    const one = record(value);
    return Object.fromEntries(names.map((name) => [name, readers[name](one[name], field || name)])) as T;
  };
}
