/**
 * What V8 itself needs for the members of a suspect (compiled code, its source, feedback, hidden classes) stands apart in
 * the tree, since nobody can tell from a path whose it is. Here it is given to those whose members alone keep it, so that
 * schemas or templates that are compiled anew for every request weigh what they cost.
 *
 * How much it is, is known of the latest snapshot only. Before, it was as much less as there were fewer members, but V8's
 * own memory never grew by less: what was compiled once, for members that have long been there, is no growth.
 */
import { type GrowthSeries, growthOf } from '../growth/growth-series.js';
import { INTERNALS } from '../growth/path-tree-builder.js';
import type { GrowthStep, HeldBytes, Suspect } from './suspect.js';

/** `held`: of the latest snapshot; null where nothing is to be told of it. */
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
