import { MECHANISMS, type Mechanism } from '../../mechanisms/mechanisms.js';
import { kindOf } from '../../mechanisms/open-resources.js';
import type { PaceRules } from '../../pace/pace.js';

/** A tenth as many heavy handles suffices. */
const HEAVY_PART = 0.1;
/** Handles cost few bytes: their part of the heap's growth may be this much smaller. */
const HANDLES_SHARE = 0.1;

/** Each costs more than its bytes: many are enough, however small. */
function countsByNumber(mechanism: Mechanism | null | undefined): boolean {
  return ['handles', 'contexts'].includes(kindOf(mechanism));
}

/** Each costs megabytes outside the heap that is looked at. */
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

/** Part of the heap's growth that it must be, 0 to 1; none for what lies outside the heap. */
export function shareNeeded(
  mechanism: Mechanism | null | undefined,
  { minShare }: PaceRules['finding'],
): number {
  if (!countsByNumber(mechanism)) return minShare;
  return isHeavy(mechanism) ? 0 : minShare * HANDLES_SHARE;
}
