/** What is no finding, or not yet. */
import { handlesNeeded, isHeavy, shareNeeded } from './needed-amount.js';
import type { PathFacts } from './path-facts.js';
import { dismisses, type Rule } from './rule.js';

export const isArtefact: Rule<PathFacts> = ({ suspect }) =>
  suspect.artefact === null ? null : dismisses('healthy', 'artefact');

export const isMaterialShare: Rule<PathFacts> = ({ suspect, rules }) =>
  suspect.shareOfGrowth < shareNeeded(suspect.mechanism, rules) ? dismisses('healthy', 'small-share') : null;

export const isSeenEnough: Rule<PathFacts> = ({ run, rules }) =>
  run.observations < rules.suspectObservations ? dismisses('early', 'too-few-observations') : null;

/** Members that come and go, such as a batch that fills and is flushed, rise every time; a leak goes beyond its past. */
export const surpassesPeak: Rule<PathFacts> = ({ run }) =>
  run.steps.at(-1)!.count <= run.peakBefore ? dismisses('healthy', 'held-as-much-before') : null;

export const isMaterial: Rule<PathFacts> = ({ suspect, run, rules }) => {
  const { gainedBytes, gainedCount } = run;
  if (gainedBytes >= rules.minGrowthBytes || gainedCount >= handlesNeeded(suspect.mechanism, rules) / 2)
    return null;
  // A few threads or processes more are looked at again, since they hardly show in the heap.
  return dismisses(isHeavy(suspect.mechanism) ? 'early' : 'healthy', 'small-amount');
};
