import type { Suspect } from '../../heap/suspects/suspect.js';
import type { Finding } from '../finding.js';
import { NO_GROWTH } from '../ledger-finding.js';
import { bound, expiry, weakReferences } from './ceiling-rules.js';
import { isArtefact, isMaterial, isMaterialShare, isSeenEnough, surpassesPeak } from './dismissal-rules.js';
import { amount, latestGrowth, longEnough, pastPeak, persistence, shareOfGrowth } from './growth-rules.js';
import { type GrowthRun, growthRunOf } from './growth-run.js';
import { type Judgement, judge } from './judge.js';
import type { PathFacts } from './path-facts.js';
import type { Rule } from './rule.js';
import { inFlight, rampUp } from './traffic-rules.js';

/** The verdict on one suspect at one capture. */
export type PathVerdict = Judgement &
  Pick<Finding['growth'], keyof typeof NO_GROWTH> & {
    /** Whether some captures showed no growth while it grew. */
    readonly inBatches: boolean;
  };

export type FoundPath = Extract<PathVerdict, { readonly dismissed: null }>;

/** Dismissing rules come first; the others are in the order of the report, support for a leak first. */
const RULES: readonly Rule<PathFacts>[] = [
  isArtefact,
  isMaterialShare,
  isSeenEnough,
  surpassesPeak,
  isMaterial,
  persistence,
  bound,
  shareOfGrowth,
  expiry,
  weakReferences,
  longEnough,
  amount,
  pastPeak,
  latestGrowth,
  rampUp,
  inFlight,
];

/**
 * Judges one suspect by structure and persistence: one path, growing at every capture, for long enough, and a material
 * part of the growth.
 */
export function judgeSuspect(
  suspect: Suspect,
  circumstances: Omit<PathFacts, 'suspect' | 'run'>,
): PathVerdict {
  const run = growthRunOf(suspect, circumstances.history);
  if (run === null) return NOT_GROWING;
  const judgement = judge(RULES, { suspect, run, ...circumstances }, confidenceOf(run, suspect));
  return { ...judgement, ...ratesOf(run), inBatches: run.still > 0 };
}

const NOT_GROWING: PathVerdict = {
  status: 'healthy',
  reasons: [],
  dismissed: 'not-growing',
  confidence: 0,
  ...NO_GROWTH,
  inBatches: false,
};

function ratesOf({ spanMs, gainedBytes, gainedCount, requests }: GrowthRun) {
  const perSecond = (amount: number) => (spanMs > 0 ? (amount / spanMs) * 1000 : 0);
  return {
    bytesPerSecond: perSecond(gainedBytes),
    objectsPerSecond: perSecond(gainedCount),
    bytesPerRequest: requests !== null && requests > 0 ? gainedBytes / requests : null,
  };
}

function confidenceOf({ observations }: GrowthRun, { shareOfGrowth: share }: Suspect): number {
  const persistent = 1 - 0.5 ** (observations - 1);
  return Math.min(0.99, persistent * (0.8 + 0.2 * Math.min(1, share * 2)));
}
