/** Findings across restarts, as one JSON text; one malformed value makes all of it unusable. */
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import { bounded } from './bounded.js';
import { fingerprint, list, Malformed, oneOf, record, shape, text, time } from './checked-value.js';
import { type Acknowledgement, MAX_ACKNOWLEDGED, MAX_MUTED, type StoredDecisions } from './decisions.js';
import { type Decision, FINDING_STATUSES } from './finding.js';
import { type StoredFinding, storable, storedFinding } from './stored-finding.js';

const VERSION = 1;
/** Findings stored; the mildest are left out. */
const MAX_FINDINGS = 50;
/** Length of the text, characters; the mildest findings are left out of a longer one. */
export const MAX_STORED_LENGTH = 1_000_000;
/** Findings that were last seen longer ago are forgotten. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

export interface StoredFindings extends StoredDecisions {
  /** Worst first. */
  readonly findings: readonly StoredFinding[];
}

const DECISION = { at: time, by: text, reason: text };
const storedMuting = shape<Decision & { id: Fingerprint }>({ id: fingerprint, ...DECISION });
const storedAcknowledgement = shape<Acknowledgement & { id: Fingerprint }>({
  id: fingerprint,
  status: oneOf(FINDING_STATUSES),
  ...DECISION,
});

/** Why a text cannot be used. */
export type StoreProblem =
  | { readonly is: 'too-long' }
  | { readonly is: 'not-json' }
  | { readonly is: 'other-version'; readonly version: string; readonly expected: number }
  | { readonly is: 'malformed'; readonly field: string };

export type DecodedFindings =
  | { readonly outcome: 'success'; readonly stored: StoredFindings }
  | { readonly outcome: 'failure'; readonly problem: StoreProblem };

export function encodeFindings({ findings, muted, muting, acknowledged }: StoredFindings): string {
  const kept = findings.slice(0, MAX_FINDINGS).map(storable);
  const decisions = { muted, muting: entriesOf(muting), acknowledged: entriesOf(acknowledged) };
  const encode = () => JSON.stringify({ version: VERSION, findings: kept, ...decisions });
  let json = encode();
  while (json.length > MAX_STORED_LENGTH && kept.length > 0) {
    kept.length = Math.floor(kept.length / 2);
    json = encode();
  }
  return json;
}

/** `nowMs`: findings that were last seen more than 30 days before are left out, mutes stay. */
export function decodeFindings(json: string, nowMs: number): DecodedFindings {
  if (json.length > MAX_STORED_LENGTH) return failure({ is: 'too-long' });
  try {
    const { version, findings, muted, muting = [], acknowledged = [] } = record(JSON.parse(json));
    if (version !== VERSION)
      return failure({ is: 'other-version', version: String(version).slice(0, 20), expected: VERSION });
    const known = list(storedFinding, MAX_FINDINGS)(findings, '');
    return {
      outcome: 'success',
      stored: {
        findings: known.filter(({ lastSeen }) => nowMs - Date.parse(lastSeen) <= MAX_AGE_MS),
        muted: list(fingerprint, MAX_MUTED)(muted, 'muted'),
        // Absent where an earlier version wrote the file.
        muting: byId(list(storedMuting, MAX_MUTED)(muting, 'muting')),
        acknowledged: byId(list(storedAcknowledgement, MAX_ACKNOWLEDGED)(acknowledged, 'acknowledged')),
      },
    };
  } catch (error) {
    return failure(
      error instanceof Malformed ? { is: 'malformed', field: error.message } : { is: 'not-json' },
    );
  }
}

function entriesOf<T extends Decision>(decisions: ReadonlyMap<Fingerprint, T>) {
  return [...decisions].map(([id, decision]) => bounded({ id, ...decision }));
}

function byId<T extends Decision>(
  entries: readonly (T & { readonly id: Fingerprint })[],
): ReadonlyMap<Fingerprint, T> {
  return new Map(entries.map(({ id, ...decision }) => [id, decision as unknown as T]));
}

function failure(problem: StoreProblem): DecodedFindings {
  return { outcome: 'failure', problem };
}
