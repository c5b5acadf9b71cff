import type { ClassGrowth } from './growth/class-growth.js';

/**
 * Functions of Node's own modules are at the same lines in every process of one version: measured, all of them are
 * shared between snapshots of one version, and 16 to 31 % between neighbours of Node 20, 22, 24 and 26.
 */
const MIN_SHARED = 0.5;
/** Too few places prove nothing: a snapshot without locations, or a drawn one. */
const MIN_PLACES = 100;

export interface ProgramMismatch {
  readonly kind: 'other-node-version' | 'other-program';
}

/** Why the latest two snapshots cannot be of one program and Node version, by where functions are defined; null if they can. */
export function programMismatch(classes: readonly ClassGrowth[]): ProgramMismatch | null {
  const placed = classes.filter(({ location }) => location !== null && location.script !== '');
  const isNodes = ({ location }: ClassGrowth) => location?.script.startsWith('node:') === true;
  const nodes = overlap(
    placed.filter(isNodes),
    ({ location }) => `${location?.line}:${location?.column}:${location?.script}`,
  );
  if (nodes.fewest >= MIN_PLACES && nodes.shared < nodes.fewest * MIN_SHARED)
    return { kind: 'other-node-version' };
  const programs = overlap(
    placed.filter((row) => !isNodes(row)),
    ({ location }) => location?.script ?? '',
  );
  return programs.fewest > 0 && programs.shared === 0 ? { kind: 'other-program' } : null;
}

/** Keys in both of the latest two snapshots, and in the one that has fewer. */
function overlap(
  rows: readonly ClassGrowth[],
  keyOf: (row: ClassGrowth) => string,
): { readonly shared: number; readonly fewest: number } {
  const keysAt = (step: number) =>
    new Set(rows.filter(({ counts }) => (counts.at(step) ?? 0) > 0).map(keyOf));
  const [before, now] = [keysAt(-2), keysAt(-1)];
  const shared = [...now].filter((key) => before.has(key)).length;
  return { shared, fewest: Math.min(before.size, now.size) };
}
