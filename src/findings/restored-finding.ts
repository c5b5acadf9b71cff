import { NOTHING_KNOWN } from './described-finding.js';
import { type LedgerFinding, NO_GROWTH } from './ledger-finding.js';
import type { Reason } from './reason.js';
import type { StoredFinding } from './stored-finding.js';

/**
 * A finding from before the program restarted. The heap is empty then and the bug may be fixed, so it causes no alert: it
 * is `plateaued` at most, and resolved like any other after some captures without growth. When its path
 * grows again it needs the same evidence as any other, and keeps its id, when it was first seen, and when it was confirmed.
 */
export function restoredFinding({ owner, ...stored }: StoredFinding): LedgerFinding {
  return {
    ...NOTHING_KNOWN,
    ...stored,
    status: stored.status === 'resolved' ? 'resolved' : 'plateaued',
    headline: { says: 'still-since-restart', subject: { of: 'stored-path', owner } },
    reasons: [{ ...seenBefore(stored), speaksFor: false }],
    growth: { ...stored.growth, ...NO_GROWTH },
  };
}

/** An additional reason when it grows again. */
export function seenBefore({
  firstSeen,
  confirmedAt,
}: Pick<LedgerFinding, 'firstSeen' | 'confirmedAt'>): Reason {
  return {
    rule: 'seen-before',
    says: confirmedAt === null ? 'first-seen' : 'confirmed',
    numbers: { firstSeenMs: Date.parse(firstSeen) },
    at: confirmedAt ?? firstSeen,
    speaksFor: true,
  };
}
