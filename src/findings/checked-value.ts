/** Values of a file that anybody with the rights may have written or cut off: everything is checked. */
import type { Fingerprint } from '../heap/naming/retainer-step.js';

type Reader<T> = (value: unknown) => T;

/** Longest name or line that is read. */
export const MAX_TEXT = 500;

/** A value is not what it ought to be; its message is the field's name. */
export class Malformed extends Error {}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed('structure');
  return value as Readonly<Record<string, unknown>>;
}

/** An object with these fields; others are left out. */
export function shape<T>(readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value) => {
    const one = record(value);
    return Object.fromEntries(names.map((name) => [name, readers[name](one[name])])) as T;
  };
}

export function list<T>(most: number, read: Reader<T>): Reader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) throw new Malformed('structure');
    return value.slice(0, most).map(read);
  };
}

export function orNull<T>(read: Reader<T>): Reader<T | null> {
  return (value) => (value === null ? null : read(value));
}

export function text(field: string): Reader<string> {
  return (value) => {
    if (typeof value !== 'string' || value.length > MAX_TEXT) throw new Malformed(field);
    return value;
  };
}

export function number(field: string): Reader<number> {
  return (value) => {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Malformed(field);
    return value;
  };
}

export function oneOf<T extends string>(allowed: readonly T[], field: string): Reader<T> {
  return (value) => {
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new Malformed(field);
    return found;
  };
}

export const time: Reader<string> = (value) => {
  const iso = text('time')(value);
  if (!Number.isFinite(Date.parse(iso))) throw new Malformed('time');
  return iso;
};

export const fingerprint: Reader<Fingerprint> = (value) => {
  if (typeof value !== 'string' || !/^lw-[0-9a-f]{16}$/.test(value)) throw new Malformed('id');
  return value as Fingerprint;
};
