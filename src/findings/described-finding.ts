import type { Suspect } from '../heap/suspects/suspect.js';
import { kindOf } from '../mechanisms/open-resources.js';
import { type LedgerFinding, NO_GROWTH } from './ledger-finding.js';
import { nextStatus, type Observation } from './life-cycle.js';
import type { Reason } from './reason.js';
import type { FoundPath } from './verdict/path-verdict.js';

/** A finding as a look at its growth shows it, without its past. */
export interface SeenFinding extends Omit<LedgerFinding, keyof Past> {
  readonly status: 'suspected' | 'confirmed';
  readonly confidence: number;
}
type Past = Pick<LedgerFinding, 'status' | 'confidence' | 'firstSeen' | 'lastSeen' | 'confirmedAt'>;

/** A suspect that grew. */
export function pathFinding(suspect: Suspect, verdict: FoundPath): SeenFinding {
  const { bytesPerSecond, objectsPerSecond, bytesPerRequest } = verdict;
  return {
    ...NOTHING_KNOWN,
    id: suspect.fingerprint,
    status: verdict.status,
    confidence: verdict.confidence,
    kind: kindOf(suspect.mechanism),
    headline: { says: 'grows', subject: { of: 'path', holder: suspect.holder } },
    reasons: verdict.reasons,
    className: suspect.className,
    retainerPath: suspect.retainerPath,
    growth: {
      bytesPerSecond,
      objectsPerSecond,
      bytesPerRequest,
      shareOfGrowth: suspect.shareOfGrowth,
      bytesScaled: suspect.scaled === true,
      steps: suspect.steps.map(({ atMs, count, bytes }) => ({
        at: new Date(atMs).toISOString(),
        count,
        bytes,
      })),
    },
    allocationSites: suspect.sites ?? [],
    fields: suspect.fields,
    mechanism: suspect.mechanism ?? null,
    package: suspect.package ?? null,
    locations: suspect.locations ?? [],
    yours: suspect.yours ?? null,
    alsoHeldBy: suspect.alsoHeldBy ?? [],
    bound: suspect.bound,
    expiry: suspect.expiry ?? null,
  };
}

/**
 * The finding after a look that did not show it growing. If its status changes, the reason for that comes first, and the
 * reasons that it was found for stay.
 */
export function settledFinding(found: LedgerFinding, observation: Observation, why: Reason): LedgerFinding {
  const status = nextStatus(found.status, observation);
  if (status === found.status) return found;
  return {
    ...found,
    status,
    headline: { ...found.headline, says: 'stopped' },
    growth: { ...found.growth, ...NO_GROWTH },
    secondsToLimit: null,
    // An earlier reason of that kind is out of date.
    reasons: [why, ...found.reasons.filter(({ rule }) => rule !== 'settled')],
  };
}

/** Without a capture of the present process: the fields that only a capture shows. */
export const NOTHING_KNOWN = {
  muted: false,
  muting: null,
  acknowledgement: null,
  retainerPath: [],
  allocationSites: [],
  fields: [],
  mechanism: null,
  package: null,
  locations: [],
  yours: null,
  alsoHeldBy: [],
  bound: null,
  expiry: null,
  secondsToLimit: null,
};

/** With its past; `before` is the finding of the same fingerprint. */
export function withPast(
  { status: judged, confidence, ...seen }: SeenFinding,
  before: Past | undefined,
  atMs: number,
): LedgerFinding {
  const at = new Date(atMs).toISOString();
  const status = nextStatus(before?.status, judged === 'confirmed' ? 'grew-confirmed' : 'grew-suspected');
  return {
    ...seen,
    status,
    confidence: status === before?.status ? Math.max(before.confidence, confidence) : confidence,
    firstSeen: before?.firstSeen ?? at,
    lastSeen: at,
    // When it last became confirmed; the reasons show that it was confirmed before a restart or a pause.
    confirmedAt:
      status === 'confirmed' && before?.status !== 'confirmed' ? at : (before?.confirmedAt ?? null),
  };
}
