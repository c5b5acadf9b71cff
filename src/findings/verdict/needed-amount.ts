import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { kindOf } from '../../mechanisms/open-resources.js';
import type { PathFacts } from './path-facts.js';

/** A tenth as many heavy handles suffices. */
const HEAVY_PART = 0.1;
/** Handles cost few bytes: their part of the heap's growth may be this much smaller. */
const HANDLES_SHARE = 0.1;

/**
 * What the growth of a suspect must amount to. `handles`: how many of them confirm, however few bytes they are; infinite
 * for what does not count by number. `share`: part of the heap's growth, 0 to 1; none for what lies outside the heap.
 * `isHeavy`: each costs megabytes outside the heap that is looked at.
 */
export function neededAmount({ suspect: { mechanism }, rules }: PathFacts) {
  const { confirmHandles, minShare } = rules;
  if (mechanism != null && MECHANISMS[mechanism].heavy === true)
    return { handles: confirmHandles * HEAVY_PART, share: 0, isHeavy: true };
  return ['handles', 'contexts'].includes(kindOf(mechanism))
    ? { handles: confirmHandles, share: minShare * HANDLES_SHARE, isHeavy: false }
    : { handles: Number.POSITIVE_INFINITY, share: minShare, isHeavy: false };
}
