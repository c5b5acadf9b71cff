import type { PaceRules } from '../../pace/pace.js';
import type { GrowingSite } from '../../sampling/site-growth.js';
import { seriesRates } from '../../trend/levelling-off.js';
import { seriesLevellingOff } from '../verdict/levelling-rule.js';
import { dismisses, type Rule, supports, waits } from '../verdict/rule.js';

/** What the rules on an allocation site may look at. */
export interface SiteFacts {
  readonly site: Pick<GrowingSite, 'function' | 'growthBytes' | 'steps'>;
  /** Part of the growth of all sites. */
  readonly shareOfGrowth: number;
  readonly rules: PaceRules['finding'];
}

/** Estimates from few samples vary: one reading in this many may show no growth. */
const TOLERATED = 8;

export function spanMsOf({ steps }: SiteFacts['site']): number {
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
  seriesLevellingOff(
    seriesRates(steps.map(({ atMs, bytes }) => ({ ms: atMs, bytes }))),
    steps.at(-1)?.bytes ?? 0,
    true,
  );

/**
 * What the growth of one site alone amounts to if no capture can be taken: suspected, and never more, if it rose from
 * reading to reading, for long enough, and is a material part of all growth. What dismisses comes first.
 */
export const SITE: readonly Rule<SiteFacts>[] = [
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
