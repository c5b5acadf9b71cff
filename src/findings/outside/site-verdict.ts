import type { PaceRules } from '../../pace/pace.js';
import { ratesBetween, STEEP_DECLINE } from '../../trend/levelling-off.js';
import { type Judgement, judge } from '../verdict/judge.js';
import { levellingOff } from '../verdict/levelling-rule.js';
import { dismisses, type Rule, supports, waits } from '../verdict/rule.js';

/** An allocation site with its live bytes at the first and at the latest readings of a sampling profiler, oldest first. */
export interface ObservedSite {
  readonly function: string;
  readonly url: string;
  /** From 1. */
  readonly line: number;
  readonly growthBytes: number;
  readonly steps: readonly { readonly atMs: number; readonly bytes: number }[];
}

/** What the rules on an allocation site may look at. */
export interface SiteFacts {
  readonly site: ObservedSite;
  /** Part of the growth of all sites. */
  readonly shareOfGrowth: number;
  readonly rules: Pick<
    PaceRules['finding'],
    'confirmObservations' | 'confirmMs' | 'minGrowthBytes' | 'minShare'
  >;
}

export interface SiteVerdict extends Pick<Judgement, 'status' | 'reasons' | 'dismissed'> {
  /** 0 to 1. */
  readonly confidence: number;
}

/** Estimates of few samples move by themselves: one reading in so many may stand still. */
const TOLERATED = 8;
/** A site says where memory comes from, not who holds it, nor whether it has a bound. */
const MAX_CONFIDENCE = 0.6;

/**
 * What the growth of one site alone amounts to if no capture can be taken: suspected, and never more, if it rose from
 * reading to reading, for long enough, and is a material part of all growth.
 */
export function judgeSite(facts: SiteFacts): SiteVerdict {
  const { mostConfidence, ...judgement } = judge(SITE, facts);
  const persistent = 1 - 0.5 ** (facts.site.steps.length - 2);
  const confidence = Math.min(MAX_CONFIDENCE, mostConfidence, facts.shareOfGrowth * persistent);
  return { ...judgement, confidence };
}

export function spanMsOf({ steps }: ObservedSite): number {
  return (steps.at(-1)?.atMs ?? 0) - (steps[0]?.atMs ?? 0);
}

const isSeenEnough: Rule<SiteFacts> = ({ site, rules }) =>
  site.steps.length < rules.confirmObservations ? dismisses('early', 'too-few-observations') : null;

const isLongEnough: Rule<SiteFacts> = ({ site, rules }) =>
  spanMsOf(site) < rules.confirmMs ? dismisses('early', 'too-brief') : null;

const isMaterial: Rule<SiteFacts> = ({ site, rules }) =>
  site.growthBytes < rules.minGrowthBytes ? dismisses('healthy', 'small-amount') : null;

const isMaterialShare: Rule<SiteFacts> = ({ shareOfGrowth, rules }) =>
  shareOfGrowth < rules.minShare ? dismisses('healthy', 'small-share') : null;

const isEven: Rule<SiteFacts> = ({ site: { steps } }) => {
  const still = steps.filter((step, at) => at > 0 && step.bytes <= steps[at - 1]!.bytes).length;
  return still > Math.floor(steps.length / TOLERATED) ? dismisses('healthy', 'uneven') : null;
};

const persistence: Rule<SiteFacts> = ({ site, shareOfGrowth }) =>
  supports({
    rule: 'allocation-sites',
    says: 'rose',
    numbers: { growthBytes: site.growthBytes, shareOfGrowth },
    function: site.function,
    readings: site.steps.length,
    spanMs: spanMsOf(site),
  });

const share: Rule<SiteFacts> = ({ site: { growthBytes }, shareOfGrowth }) =>
  supports({ rule: 'allocation-sites', says: 'share', numbers: { growthBytes, shareOfGrowth } });

const noCapture: Rule<SiteFacts> = ({ site: { growthBytes }, shareOfGrowth }) =>
  waits({ rule: 'allocation-sites', says: 'no-capture', numbers: { growthBytes, shareOfGrowth } });

const latestGrowth: Rule<SiteFacts> = ({ site: { steps } }) =>
  levellingOff({
    rates: ratesBetween(steps.map(({ atMs, bytes }) => ({ ms: atMs, bytes }))),
    per: 'second',
    now: steps.at(-1)?.bytes ?? 0,
    inBytes: true,
    steep: STEEP_DECLINE.estimates,
  });

/** What dismisses comes first. */
const SITE: readonly Rule<SiteFacts>[] = [
  isSeenEnough,
  isLongEnough,
  isMaterial,
  isMaterialShare,
  isEven,
  persistence,
  share,
  noCapture,
  latestGrowth,
];
