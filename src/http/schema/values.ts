import { z } from 'zod';

/** ISO 8601, in UTC. */
export const time = z.iso.datetime();
/** Milliseconds since the Unix epoch. */
export const epochMs = z.number().min(0);
export const count = z.int().min(0);
export const bytes = z.number().min(0);
export const milliseconds = z.number().min(0);
export const share = z.number().min(0).max(1);

export function list<T extends z.ZodType>(of: T) {
  return z.array(of).readonly();
}
