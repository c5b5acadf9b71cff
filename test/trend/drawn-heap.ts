import type { TrendPoint } from '../../src/trend/trend-point.js';

/** Numbers in [0, 1) that are the same in every run (a linear congruential generator, Park and Miller 1988). */
function randomNumbers(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Normally distributed numbers, mean 0, deviation 1 (Box and Muller 1958). */
export function normalNumbers(seed: number): () => number {
  const random = randomNumbers(seed);
  return () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

export interface DrawnHeap {
  readonly seconds: number;
  readonly liveBytes: number;
  readonly leakBytesPerSecond: number;
  /** Garbage that is promoted and stays until the next full collection. */
  readonly garbageBytesPerSecond: number;
  readonly secondsBetweenMajors: number;
  /** When the first full collection comes, seconds. */
  readonly firstMajor: number;
}

/** A heap seen once a second: old space after each cycle, and used heap after each full collection. */
export function drawHeap(heap: DrawnHeap): {
  readonly upper: readonly TrendPoint[];
  readonly majors: readonly TrendPoint[];
} {
  const upper: TrendPoint[] = [];
  const majors: TrendPoint[] = [];
  for (let second = 0; second <= heap.seconds; second++) {
    const sinceFirst = second - heap.firstMajor;
    const isMajor = sinceFirst >= 0 && sinceFirst % heap.secondsBetweenMajors === 0;
    const phase = (sinceFirst + heap.secondsBetweenMajors * 1_000) % heap.secondsBetweenMajors;
    const live = heap.liveBytes + heap.leakBytesPerSecond * second;
    const point = { ms: second * 1_000, bytes: live + phase * heap.garbageBytesPerSecond };
    upper.push(point);
    if (isMajor) majors.push(point);
  }
  return { upper, majors };
}
