import type { Evidence, Finding } from './finding.js';
import type { StoredFinding } from './finding-store.js';

/**
 * A finding from before the program was started anew. The heap is empty then and the bug may be mended, so it is history,
 * not an alarm: `plateaued` at most, called off like any other after some captures without growth. When its path
 * grows again it needs the same evidence as any other, and keeps its id, when it was first seen, and when it was confirmed.
 */
export function restoredFinding({ owner, ...stored }: StoredFinding): Finding {
  const { evidence, reason } = seenBefore(stored);
  return {
    ...stored,
    status: stored.status === 'resolved' ? 'resolved' : 'plateaued',
    title: `${owner}: no growth since the restart`,
    reasons: [reason],
    evidence: [{ ...evidence, speaksFor: false, untilWhat: 'growth at the next captures' }],
    muted: false,
    growth: { ...stored.growth, bytesPerSecond: 0, objectsPerSecond: 0, bytesPerRequest: null },
    allocationSites: [],
    fields: [],
    locations: [],
    alsoHeldBy: [],
    bound: null,
    expiry: null,
    secondsToLimit: null,
  };
}

/** What is added to its evidence when it grows again. */
export function seenBefore({ firstSeen, confirmedAt }: Pick<Finding, 'firstSeen' | 'confirmedAt'>): {
  readonly evidence: Evidence;
  readonly reason: string;
} {
  const what = confirmedAt === null ? `first seen on ${day(firstSeen)}` : `confirmed on ${day(confirmedAt)}`;
  return {
    evidence: {
      rule: 'seen-before',
      speaksFor: true,
      numbers: { firstSeenMs: Date.parse(firstSeen) },
      untilWhat: null,
    },
    reason: `${what}, before the program was started anew`,
  };
}

/** `2026-01-05 at 02:01 UTC` */
function day(iso: string): string {
  return `${iso.slice(0, 10)} at ${iso.slice(11, 16)} UTC`;
}
