import type { Suspect } from '../../heap/suspects/suspect.js';
import type { PaceRules } from '../../pace/pace.js';
import { formatBytes, formatCount, formatShare } from '../../runtime/units.js';
import { artefactText } from '../../wording/artefact-text.js';
import type { Evidence, EvidenceRule } from '../finding.js';
import { bound, expiry, weakReferences } from './ceiling-rules.js';
import {
  amount,
  latestStep,
  levelling,
  longEnough,
  pastPeak,
  persistence,
  shareOfGrowth,
} from './growth-rules.js';
import { type GrowthRun, growthRunOf } from './growth-run.js';
import { levelsOff } from './levelling-off.js';
import { handlesNeeded, isHeavy, shareNeeded } from './needed-amount.js';
import type { Case, Rule, Ruling } from './rule.js';
import { inFlight, rampUp } from './traffic-rules.js';

/** What one suspect amounts to at one capture. `healthy`: nothing to publish; `early`: it grows, but not for long enough, or too unevenly, to say so. */
export interface Verdict {
  readonly status: 'healthy' | 'early' | 'suspected' | 'confirmed';
  /** In plain words, one sentence for each entry of `evidence`; of what is not published, why not. */
  readonly reasons: readonly string[];
  readonly evidence: readonly Evidence[];
  /** 0 to 1; a summary of persistence and share, not a probability that was measured. */
  readonly confidence: number;
  readonly bytesPerSecond: number;
  readonly objectsPerSecond: number;
  /** Null where no traffic was counted. */
  readonly bytesPerRequest: number | null;
}

/** What a verdict needs beside the suspect itself. */
export type Circumstances = Pick<Case, 'rules' | 'history' | 'boundBefore'>;

/** In the order in which people read them: what speaks for a leak first. */
const RULES: readonly Rule[] = [
  persistence,
  bound,
  shareOfGrowth,
  expiry,
  weakReferences,
  longEnough,
  amount,
  pastPeak,
  levelling,
  latestStep,
  rampUp,
  inFlight,
];

/** Rules that hold back only until more has been seen. */
const WAITS: ReadonlySet<EvidenceRule> = new Set(['persistence', 'duration', 'amount']);

/** Growth that falls this steeply is not even worth a suspicion. */
const NO_SUSPICION = 0.5;

/**
 * Judges one suspect by structure and persistence: one path, growing at every capture, for long enough, and a material
 * part of the growth. Every rule is heard; one that holds back leaves it suspected at most.
 */
export function judgeSuspect(suspect: Suspect, { rules, history, boundBefore }: Circumstances): Verdict {
  const run = growthRunOf(suspect, history);
  if (run === null) return unpublished('healthy', 'it did not grow at the latest capture');
  const dismissed = dismissal(suspect, run, rules);
  if (dismissed !== null) return { ...dismissed, ...ratesOf(run) };
  const facts: Case = { suspect, run, rules, history, boundBefore };
  const rulings = RULES.map((rule) => rule(facts)).filter((ruling) => ruling !== null);
  const held = rulings.some(({ holds }) => holds);
  const confidence = Math.min(mostConfidence(rulings), confidenceOf(run, suspect));
  return {
    status: held ? 'suspected' : 'confirmed',
    reasons: rulings.map(({ reason }) => reason),
    evidence: rulings.map(({ evidence }) => evidence),
    confidence,
    ...ratesOf(run),
  };
}

/** Why it is not worth a finding, or not yet. */
function dismissal(suspect: Suspect, run: GrowthRun, rules: PaceRules['finding']): Verdict | null {
  if (suspect.artefact !== null) return unpublished('healthy', artefactText(suspect.artefact));
  if (suspect.shareOfGrowth < shareNeeded(suspect.mechanism, rules))
    return unpublished(
      'healthy',
      `it is ${formatShare(suspect.shareOfGrowth)} of the heap's growth, which is not material`,
    );
  const { observations, steps, peakBefore, gainedBytes, gainedCount } = run;
  if (observations < rules.suspectObservations)
    return unpublished(
      'early',
      `it grew at ${observations} captures in a row, and ${rules.suspectObservations} are needed`,
    );
  // Members that come and go, such as a batch that fills and is flushed, rise every time; a leak goes beyond its past.
  const now = steps.at(-1)!.count;
  if (now <= peakBefore)
    return unpublished('healthy', `it held ${formatCount(peakBefore)} before, and ${formatCount(now)} now`);
  const isMaterial =
    gainedBytes >= rules.minGrowthBytes || gainedCount >= handlesNeeded(suspect.mechanism, rules) / 2;
  // A few threads or processes more are looked at again, since they hardly show in the heap.
  if (!isMaterial)
    return unpublished(
      isHeavy(suspect.mechanism) ? 'early' : 'healthy',
      `it gained ${formatBytes(gainedBytes)}, which is not material`,
    );
  const { levels, paceRatio } = levelsOff(run.rates);
  return levels && paceRatio <= NO_SUSPICION
    ? unpublished('early', 'it grows much more slowly than it did: it is levelling off')
    : null;
}

function ratesOf({ spanMs, gainedBytes, gainedCount, requests }: GrowthRun) {
  const perSecond = (amount: number) => (spanMs > 0 ? (amount / spanMs) * 1000 : 0);
  return {
    bytesPerSecond: perSecond(gainedBytes),
    objectsPerSecond: perSecond(gainedCount),
    bytesPerRequest: requests !== null && requests > 0 ? gainedBytes / requests : null,
  };
}

/** Time alone settles what is too short or too little; what says how the growth ends makes a leak unlikely. */
function mostConfidence(rulings: readonly Ruling[]): number {
  const holding = rulings.filter(({ holds }) => holds);
  if (holding.length === 0) return 1;
  return holding.every(({ evidence }) => WAITS.has(evidence.rule)) ? 0.8 : 0.4;
}

function confidenceOf({ observations }: GrowthRun, { shareOfGrowth: share }: Suspect): number {
  const persistent = 1 - 0.5 ** (observations - 1);
  return Math.min(0.99, persistent * (0.8 + 0.2 * Math.min(1, share * 2)));
}

function unpublished(status: 'healthy' | 'early', reason: string): Verdict {
  const none = { confidence: 0, bytesPerSecond: 0, objectsPerSecond: 0, bytesPerRequest: null };
  return { status, reasons: [reason], evidence: [], ...none };
}
