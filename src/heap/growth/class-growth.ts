/** One row of the class histogram over the series: `counts[i]` and `bytes[i]` (shallow) at the i-th snapshot. */
export interface ClassGrowth {
  readonly className: string;
  readonly counts: readonly number[];
  readonly bytes: readonly number[];
}
