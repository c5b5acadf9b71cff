import type { StackBytes, StackFrame } from './sampling-profile.js';

/** Where surviving memory was allocated, and how much over time. Bytes are estimates. */
export interface GrowingSite extends StackFrame {
  readonly liveBytes: number;
  /** Since the first reading. */
  readonly growthBytes: number;
  /** The callers, innermost first. */
  readonly callers: readonly StackFrame[];
  /** Live bytes at the first and at the latest readings, oldest first. */
  readonly steps: readonly { readonly atMs: number; readonly bytes: number }[];
}

/** Readings kept: the first, and the latest ones. */
const MAX_READINGS = 16;
/** Beyond this the smallest are forgotten; a forgotten site starts again once it is among the largest. */
const MAX_SITES = 2000;
const MAX_TOLD = 64;
/** Functions that identify a site: the allocating one and some of its callers. */
const KEY_FRAMES = 6;

interface Site {
  readonly frames: readonly StackFrame[];
  /** Live bytes that a profiler stopped since then last reported. */
  beforeBytes: number;
  /** One entry per reading. */
  levels: number[];
}

/**
 * Live bytes by stack over the latest readings of a sampling heap profiler. Stacks with the same innermost functions
 * are one site.
 */
export class SiteGrowth {
  readonly #sites = new Map<string, Site>();
  #times: number[] = [];

  get readings(): number {
    return this.#times.length;
  }

  get sites(): number {
    return this.#sites.size;
  }

  /** `restarted`: the profiler was restarted since the previous reading, and knows nothing allocated earlier. */
  add(atMs: number, stacks: readonly StackBytes[], restarted: boolean): void {
    if (restarted) for (const site of this.#sites.values()) site.beforeBytes = site.levels.at(-1) ?? 0;
    const gained = new Map<string, number>();
    for (const { frames, liveBytes } of stacks) {
      const key = keyOf(frames);
      gained.set(key, (gained.get(key) ?? 0) + liveBytes);
      if (this.#sites.has(key)) continue;
      this.#sites.set(key, { frames, beforeBytes: 0, levels: this.#times.map(() => 0) });
    }
    this.#times.push(atMs);
    for (const [key, site] of this.#sites) site.levels.push(site.beforeBytes + (gained.get(key) ?? 0));
    this.#forget();
  }

  /** Sites that hold more than at the first reading, in at least two readings, most growth first. */
  growing(): readonly GrowingSite[] {
    const found: GrowingSite[] = [];
    for (const { frames, levels } of this.#sites.values()) {
      const [frame, ...callers] = frames;
      const growthBytes = (levels.at(-1) ?? 0) - (levels[0] ?? 0);
      if (frame === undefined || growthBytes <= 0 || lasting(levels) <= 0) continue;
      const steps = levels.map((bytes, at) => ({ atMs: this.#times[at]!, bytes }));
      found.push({ ...frame, liveBytes: levels.at(-1)!, growthBytes, callers, steps });
    }
    return found.sort((a, b) => lasting(b) - lasting(a)).slice(0, MAX_TOLD);
  }

  #forget(): void {
    if (this.#times.length > MAX_READINGS) {
      this.#times.splice(1, 1);
      for (const { levels } of this.#sites.values()) levels.splice(1, 1);
    }
    for (const [key, { levels }] of this.#sites) {
      if (levels.every((bytes) => bytes === 0)) this.#sites.delete(key);
    }
    if (this.#sites.size <= MAX_SITES) return;
    const smallest = [...this.#sites].sort((a, b) => a[1].levels.at(-1)! - b[1].levels.at(-1)!);
    for (const [key] of smallest.slice(0, this.#sites.size - MAX_SITES)) this.#sites.delete(key);
  }
}

/** Growth up to the lower of the two latest readings: between two GCs, garbage counts as well, and comes and goes. */
function lasting(of: readonly number[] | GrowingSite): number {
  const levels = 'steps' in of ? of.steps.map(({ bytes }) => bytes) : of;
  return Math.min(levels.at(-1) ?? 0, levels.at(-2) ?? 0) - (levels[0] ?? 0);
}

function keyOf(frames: readonly StackFrame[]): string {
  return frames
    .slice(0, KEY_FRAMES)
    .map((frame) => `${frame.function}\t${frame.url}\t${frame.line}\t${frame.column}`)
    .join('\n');
}
