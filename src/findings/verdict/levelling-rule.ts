import { levelsOff, STEEP_DECLINE, type StepRates } from '../../trend/levelling-off.js';
import { dismisses, holdsBack, type Ruling } from './rule.js';

interface Levelling {
  readonly pace: StepRates;
  /** The latest value: members, or bytes. */
  readonly now: number;
  readonly inBytes: boolean;
  /** A pace down to this part of what it was is no finding yet. */
  readonly steep: number;
}

/** Growth that slows down, or whose latest step was slow, may be ending; if it slows down steeply, it is no finding yet. */
export function levellingOff({ pace: { per, rates }, now, inBytes, steep }: Levelling): Ruling | null {
  const { levels, paceRatio, remaining, latestRatio } = levelsOff(rates);
  if (levels && paceRatio <= steep) return dismisses('early', 'levelling-off');
  const pace = { rule: 'levelling-off', per, inBytes } as const;
  if (levels) {
    const level = now + (remaining ?? 0);
    return holdsBack({ ...pace, says: 'slower', numbers: { paceRatio, level } });
  }
  return latestRatio === null
    ? null
    : holdsBack({ ...pace, says: 'latest', numbers: { paceRatio: latestRatio } });
}

/** The same of floors, or of a profiler's estimates. `now`: the latest of them. */
export function seriesLevellingOff(pace: StepRates, now: number, inBytes: boolean): Ruling | null {
  return levellingOff({ pace, now, inBytes, steep: STEEP_DECLINE.estimates });
}
