import { MECHANISMS, type Mechanism } from '../../mechanisms/mechanisms.js';
import { kindOf } from '../../mechanisms/open-resources.js';
import type { PaceRules } from '../../pace/pace.js';

/** A tenth of them is as many as of other handles. */
const HEAVY_PART = 0.1;
/** Handles cost few bytes: their part of the heap's growth may be this much smaller. */
const HANDLES_SHARE = 0.1;

/** Each of them costs more than its bytes say: many are enough, however small. */
function countsByNumber(mechanism: Mechanism | null | undefined): boolean {
  return ['handles', 'contexts'].includes(kindOf(mechanism));
}

/** Each has a heap of its own, or more: it costs megabytes outside of the heap that is looked at. */
export function isHeavy(mechanism: Mechanism | null | undefined): boolean {
  return mechanism !== null && mechanism !== undefined && MECHANISMS[mechanism].heavy === true;
}

/** How many of them confirm, however few bytes they are; infinite for what does not count by number. */
export function handlesNeeded(
  mechanism: Mechanism | null | undefined,
  { confirmHandles }: PaceRules['finding'],
): number {
  if (!countsByNumber(mechanism)) return Number.POSITIVE_INFINITY;
  return isHeavy(mechanism) ? confirmHandles * HEAVY_PART : confirmHandles;
}

/** Part of the heap's growth that it must be, 0 to 1; what is outside of the heap need not be any of it. */
export function shareNeeded(
  mechanism: Mechanism | null | undefined,
  { minShare }: PaceRules['finding'],
): number {
  if (!countsByNumber(mechanism)) return minShare;
  return isHeavy(mechanism) ? 0 : minShare * HANDLES_SHARE;
}
