/** Growth that is no finding, or not yet. */
import { neededAmount } from './needed-amount.js';
import type { PathFacts } from './path-facts.js';
import { dismisses, type Rule } from './rule.js';

export const isArtefact: Rule<PathFacts> = ({ suspect }) =>
  suspect.artefact === null ? null : dismisses('healthy', 'artefact');

export const isMaterialShare: Rule<PathFacts> = (facts) =>
  facts.suspect.shareOfGrowth < neededAmount(facts).share ? dismisses('healthy', 'small-share') : null;

export const isSeenEnough: Rule<PathFacts> = ({ run, rules }) =>
  run.observations < rules.suspectObservations ? dismisses('early', 'too-few-observations') : null;

/** Members that come and go, such as a batch that fills and is flushed, rise every time; a leak goes beyond its past. */
export const surpassesPeak: Rule<PathFacts> = ({ run }) =>
  run.steps.at(-1)!.count <= run.peakBefore ? dismisses('healthy', 'held-as-much-before') : null;

export const isMaterial: Rule<PathFacts> = (facts) => {
  const { gainedBytes, gainedCount } = facts.run;
  const { handles, isHeavy } = neededAmount(facts);
  if (gainedBytes >= facts.rules.minGrowthBytes || gainedCount >= handles / 2) return null;
  // A few threads or processes more are looked at again, since they hardly show in the heap.
  return dismisses(isHeavy ? 'early' : 'healthy', 'small-amount');
};
