/** Findings across restarts, as one JSON text; one malformed value makes all of it unusable. */
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import { fingerprint, list, Malformed, record } from './checked-value.js';
import { type StoredFinding, storable, storedFinding } from './stored-finding.js';

const VERSION = 1;
/** Findings stored; the mildest are left out. */
const MAX_FINDINGS = 50;
/** Findings muted at most; beyond that, the one muted first is no longer muted. */
export const MAX_MUTED = 200;
/** Length of the text, characters; the mildest findings are left out of a longer one. */
export const MAX_STORED_LENGTH = 1_000_000;
/** Findings that were last seen longer ago are forgotten. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;

export interface StoredFindings {
  /** Worst first. */
  readonly findings: readonly StoredFinding[];
  readonly muted: readonly Fingerprint[];
}

/** Why a text cannot be used. */
export type StoreProblem =
  | { readonly is: 'too-long' }
  | { readonly is: 'not-json' }
  | { readonly is: 'other-version'; readonly version: string; readonly expected: number }
  | { readonly is: 'malformed'; readonly field: string };

export type DecodedFindings =
  | { readonly outcome: 'success'; readonly stored: StoredFindings }
  | { readonly outcome: 'failure'; readonly problem: StoreProblem };

export function encodeFindings({ findings, muted }: StoredFindings): string {
  const kept = findings.slice(0, MAX_FINDINGS).map(storable);
  const text = () => JSON.stringify({ version: VERSION, findings: kept, muted });
  let json = text();
  while (json.length > MAX_STORED_LENGTH && kept.length > 0) {
    kept.length = Math.floor(kept.length / 2);
    json = text();
  }
  return json;
}

/** `nowMs`: findings that were last seen more than 30 days before are left out, mutes stay. */
export function decodeFindings(text: string, nowMs: number): DecodedFindings {
  if (text.length > MAX_STORED_LENGTH) return failure({ is: 'too-long' });
  try {
    const { version, findings, muted } = record(JSON.parse(text));
    if (version !== VERSION)
      return failure({ is: 'other-version', version: String(version).slice(0, 20), expected: VERSION });
    const known = list(storedFinding, MAX_FINDINGS)(findings, '');
    return {
      outcome: 'success',
      stored: {
        findings: known.filter(({ lastSeen }) => nowMs - Date.parse(lastSeen) <= MAX_AGE_MS),
        muted: list(fingerprint, MAX_MUTED)(muted, 'muted'),
      },
    };
  } catch (error) {
    return failure(
      error instanceof Malformed ? { is: 'malformed', field: error.message } : { is: 'not-json' },
    );
  }
}

function failure(problem: StoreProblem): DecodedFindings {
  return { outcome: 'failure', problem };
}
