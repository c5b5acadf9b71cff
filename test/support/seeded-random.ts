/** A small random number generator with the same sequence in every run: mulberry32 (Tommy Ettinger, public domain). */
export function seededRandom(seed: number): { below(limit: number): number } {
  let state = seed >>> 0;
  return {
    /** An integer from 0 up to but not including `limit`. */
    below(limit: number): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}
