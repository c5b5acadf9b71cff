/** One observation of a trend: `ms` since the Unix epoch. */
export interface TrendPoint {
  readonly ms: number;
  readonly bytes: number;
}
