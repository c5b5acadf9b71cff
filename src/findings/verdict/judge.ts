import type { Reason } from '../reason.js';
import type { Dismissed, Rule } from './rule.js';

/** What a subject amounts to at one look. */
export interface Judgement {
  readonly status: 'healthy' | 'early' | 'suspected' | 'confirmed';
  /** In the order of the rules; empty if there is no finding. */
  readonly reasons: readonly Reason[];
  /** Why there is no finding; null if there is one. */
  readonly dismissed: Dismissed | null;
  /** The most that its confidence may be, 0 to 1. */
  readonly mostConfidence: number;
}

/** Time settles what is too short or too little; a reason why the growth may end makes a leak unlikely. */
const MOST_CONFIDENCE = { confirmed: 1, waits: 0.8, heldBack: 0.4 };

/** Hears every rule: the first that dismisses decides, and one that holds back or waits leaves it suspected at most. */
export function judge<Subject>(rules: readonly Rule<Subject>[], subject: Subject): Judgement {
  const reasons: Reason[] = [];
  let mostConfidence = MOST_CONFIDENCE.confirmed;
  let status: Judgement['status'] = 'confirmed';
  for (const rule of rules) {
    const ruling = rule(subject);
    if (ruling === null) continue;
    if ('dismissed' in ruling)
      return { status: ruling.effect, reasons: [], dismissed: ruling.dismissed, mostConfidence: 0 };
    reasons.push(ruling.reason);
    if (ruling.effect === 'supports') continue;
    status = 'suspected';
    const most = ruling.effect === 'waits' ? MOST_CONFIDENCE.waits : MOST_CONFIDENCE.heldBack;
    mostConfidence = Math.min(mostConfidence, most);
  }
  return { status, reasons, dismissed: null, mostConfidence };
}
