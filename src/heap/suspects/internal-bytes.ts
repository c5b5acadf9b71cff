/**
 * V8's memory for the members of a suspect (compiled code, its source, feedback, hidden classes) is apart in the tree,
 * since its path does not show whose it is. Here it is added to the suspect whose members alone keep it, so that schemas
 * or templates that are compiled again for every request weigh what they cost.
 *
 * The amount is measured in the latest snapshot only. For earlier ones it is assumed proportional to the number of
 * members, but V8's memory cannot have grown by more than it did: code compiled once, long ago, is no growth.
 */
import { type GrowthSeries, growthOf } from '../growth/growth-series.js';
import { INTERNALS } from '../growth/path-tree-builder.js';
import type { GrowthStep, HeldBytes, Suspect } from './suspect.js';

/** `held`: in the latest snapshot; null if unknown. */
export function withInternals(suspect: Suspect, held: HeldBytes | null, series: GrowthSeries): Suspect {
  if (held === null) return suspect;
  const { internal = 0 } = held;
  const last = suspect.steps.at(-1);
  if (internal === 0 || last === undefined || last.count === 0) return { ...suspect, held };
  const v8 = series.nodes.find(({ parent, className }) => parent === 0 && className === INTERNALS)?.bytes;
  const grownSince = (at: number) => Math.max(0, (v8?.at(-1) ?? 0) - (v8?.[at] ?? 0));
  const added = suspect.steps.map(({ count }, at) => {
    const since = internal * Math.max(0, 1 - count / last.count);
    return internal - Math.min(since, grownSince(at));
  });
  const from = Math.max(0, added.length - 1 - suspect.risingSteps);
  const total = Math.max(1, growthOf(series.heapBytes));
  const gainOver = (at: number) => internal - added[at]!;
  return {
    ...suspect,
    held,
    steps: suspect.steps.map(
      (step, at): GrowthStep => ({ ...step, bytes: Math.round(step.bytes + added[at]!) }),
    ),
    gainedBytes: Math.round((suspect.gainedBytes ?? 0) + gainOver(from)),
    shareOfGrowth: Math.min(1, suspect.shareOfGrowth + gainOver(0) / total),
  };
}
