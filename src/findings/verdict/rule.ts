import type { Reason, ReasonFacts } from '../reason.js';

/** One rule of the verdict on a subject: a path in the graph, a series outside it, an allocation site. Null: nothing to say. */
export type Rule<Subject> = (subject: Subject) => Ruling | null;

/** What one rule says: a reason of the finding and its effect, or that there is no finding (yet). */
export type Ruling =
  | {
      /**
       * `supports`: speaks for a leak. `holds-back`: it must not be confirmed as long as this is so. `waits`: the same, but
       * only more time or more of the growth is missing.
       */
      readonly effect: 'supports' | 'holds-back' | 'waits';
      readonly reason: Reason;
    }
  | {
      /** `healthy`: nothing to publish. `early`: it grows, but not for long enough, or too unevenly, to publish it. */
      readonly effect: 'healthy' | 'early';
      readonly dismissed: Dismissed;
    };

/** Why there is no finding. */
export type Dismissed =
  | 'not-growing'
  | 'artefact'
  | 'small-share'
  | 'small-amount'
  | 'too-few-observations'
  | 'too-brief'
  | 'held-as-much-before'
  | 'levelling-off'
  | 'uneven'
  | 'garbage';

export function supports(facts: ReasonFacts): Ruling {
  return { effect: 'supports', reason: { ...facts, speaksFor: true } };
}

export function holdsBack(facts: ReasonFacts): Ruling {
  return { effect: 'holds-back', reason: { ...facts, speaksFor: false } };
}

/** `speaksFor`: as far as it goes. */
export function waits(facts: ReasonFacts, speaksFor = false): Ruling {
  return { effect: 'waits', reason: { ...facts, speaksFor } };
}

export function dismisses(effect: 'healthy' | 'early', dismissed: Dismissed): Ruling {
  return { effect, dismissed };
}
