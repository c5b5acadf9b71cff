import type { Suspect } from '../heap/suspects/suspect.js';
import { kindOf } from '../mechanisms/open-resources.js';
import { holderText } from '../wording/holder-text.js';
import type { Evidence, Finding, FindingStatus } from './finding.js';
import { titleOf } from './title.js';
import type { Verdict } from './verdict/verdict.js';

/** A suspect and its verdict as they are published; `before` is the finding of the same fingerprint. */
export function describeFinding(
  suspect: Suspect,
  verdict: Verdict,
  status: FindingStatus,
  before: Finding | undefined,
  capturedAtMs: number,
): Finding {
  const at = new Date(capturedAtMs).toISOString();
  return {
    id: suspect.fingerprint,
    status,
    kind: kindOf(suspect.mechanism),
    title: titleOf(suspect, verdict),
    reasons: verdict.reasons,
    evidence: verdict.evidence,
    muted: false,
    confidence:
      status === before?.status ? Math.max(before.confidence, verdict.confidence) : verdict.confidence,
    firstSeen: before?.firstSeen ?? at,
    lastSeen: at,
    // The latest time that it became so: of what was confirmed before a restart or a pause, evidence tells.
    confirmedAt:
      status === 'confirmed' && before?.status !== 'confirmed' ? at : (before?.confirmedAt ?? null),
    className: suspect.className,
    retainerPath: suspect.retainerPath,
    growth: {
      bytesPerSecond: verdict.bytesPerSecond,
      objectsPerSecond: verdict.objectsPerSecond,
      bytesPerRequest: verdict.bytesPerRequest,
      shareOfGrowth: suspect.shareOfGrowth,
      bytesScaled: suspect.scaled === true,
      steps: suspect.steps.map((step) => ({
        at: new Date(step.atMs).toISOString(),
        count: step.count,
        bytes: step.bytes,
      })),
    },
    allocationSites: suspect.sites ?? [],
    fields: suspect.fields,
    mechanism: suspect.mechanism ?? null,
    package: suspect.package ?? null,
    locations: suspect.locations ?? [],
    yours: suspect.yours ?? null,
    alsoHeldBy: (suspect.alsoHeldBy ?? []).map(holderText),
    bound: suspect.bound,
    expiry: suspect.expiry ?? null,
    secondsToLimit: null,
  };
}

/** The same finding, not growing: what settled it comes first, what it was found for stays. */
export function settledFinding(
  found: Finding,
  status: FindingStatus,
  title: string,
  why: { readonly evidence: Evidence; readonly reason: string },
): Finding {
  // What settled it before is out of date.
  const kept = [...found.evidence.entries()].filter(([, { rule }]) => rule !== 'settled');
  return {
    ...found,
    status,
    title,
    growth: { ...found.growth, bytesPerSecond: 0, objectsPerSecond: 0, bytesPerRequest: null },
    secondsToLimit: null,
    evidence: [why.evidence, ...kept.map(([, evidence]) => evidence)],
    reasons: [why.reason, ...kept.map(([at]) => found.reasons[at] ?? '')],
  };
}

const SEVERITY: readonly FindingStatus[] = ['confirmed', 'suspected', 'plateaued', 'resolved'];

/** By status, then by bytes a second, then by members a second. */
export function worstFirst(a: Finding, b: Finding): number {
  return (
    SEVERITY.indexOf(a.status) - SEVERITY.indexOf(b.status) ||
    b.growth.bytesPerSecond - a.growth.bytesPerSecond ||
    b.growth.objectsPerSecond - a.growth.objectsPerSecond
  );
}

export function isOpen({ status }: Finding): boolean {
  return status === 'confirmed' || status === 'suspected';
}
