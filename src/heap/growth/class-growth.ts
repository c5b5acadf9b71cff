import type { ClassKey } from './class-key.js';

/**
 * One row of the class histogram over the series: `counts[i]` and `bytes[i]` (shallow) at the i-th snapshot. Two rows may
 * have one name: they differ in `location` or `shape`.
 */
export interface ClassGrowth extends ClassKey {
  readonly counts: readonly number[];
  readonly bytes: readonly number[];
}
