import type { Reason } from '../reason.js';
import type { Dismissed, Rule } from './rule.js';

/** The verdict on a subject at one time: a finding or, with the reason, none (yet). */
export type Judgement = {
  /** In the order of the rules; empty if there is no finding. */
  readonly reasons: readonly Reason[];
  /** 0 to 1; a summary of persistence and share, not a probability that was measured. */
  readonly confidence: number;
} & (
  | { readonly status: 'suspected' | 'confirmed'; readonly dismissed: null }
  | { readonly status: 'healthy' | 'early'; readonly dismissed: Dismissed }
);

/** Growth that is too short or too little only needs time; a reason why it may end makes a leak unlikely. */
const MOST_CONFIDENCE = { supports: 1, waits: 0.8, 'holds-back': 0.4 };

/**
 * Hears every rule: the first that dismisses decides, and one that holds back or waits leaves it suspected at most.
 * `confidence`: as far as persistence and share go.
 */
export function judge<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  confidence: number,
): Judgement {
  const reasons: Reason[] = [];
  let most = confidence;
  let status: 'suspected' | 'confirmed' = 'confirmed';
  for (const rule of rules) {
    const ruling = rule(subject);
    if (ruling === null) continue;
    if ('dismissed' in ruling)
      return { status: ruling.effect, reasons: [], dismissed: ruling.dismissed, confidence: 0 };
    reasons.push(ruling.reason);
    if (ruling.effect !== 'supports') status = 'suspected';
    most = Math.min(most, MOST_CONFIDENCE[ruling.effect]);
  }
  return { status, reasons, dismissed: null, confidence: most };
}
