import type { Holder } from '../heap/naming/holder.js';
import type { Finding, FindingStatus } from './finding.js';
import type { Headline } from './headline.js';
import type { Reason } from './reason.js';

/** A finding in values, as the ledger keeps it; `publishedFinding` in src/wording gives it its words. */
export interface LedgerFinding extends Omit<Finding, 'title' | 'reasons' | 'evidence' | 'alsoHeldBy'> {
  readonly headline: Headline;
  readonly reasons: readonly Reason[];
  readonly alsoHeldBy: readonly Holder[];
}

/** Rates of what does not grow. */
export const NO_GROWTH = { bytesPerSecond: 0, objectsPerSecond: 0, bytesPerRequest: null };

const SEVERITY: readonly FindingStatus[] = ['confirmed', 'suspected', 'plateaued', 'resolved'];

/** By status, then by bytes per second, then by members per second. */
export function worstFirst(a: Pick<Finding, 'status' | 'growth'>, b: typeof a): number {
  return (
    SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status) ||
    b.growth.bytesPerSecond - a.growth.bytesPerSecond ||
    b.growth.objectsPerSecond - a.growth.objectsPerSecond
  );
}

/** Whether `status` needs more attention than `other`. */
export function isWorse(status: FindingStatus, other: FindingStatus): boolean {
  return SEVERITY.indexOf(status) < SEVERITY.indexOf(other);
}

export function isOpen({ status }: Pick<Finding, 'status'>): boolean {
  return status === 'confirmed' || status === 'suspected';
}
