/** What growth itself must show: for how long, how often, how much. */
import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { STEEP_DECLINE } from '../../trend/levelling-off.js';
import { levellingOff } from './levelling-rule.js';
import { neededAmount } from './needed-amount.js';
import type { PathFacts } from './path-facts.js';
import { holdsBack, type Rule, supports, waits } from './rule.js';

/** How far beyond its earlier peak it must rise to be a leak: in steps, since captures may miss the peak, and as a part of it. */
const BEYOND_STEPS = 2;
const BEYOND_PART = 0.25;

/** After this many times the time needed, one observation fewer is enough: a busy machine captures seldom. Never fewer than five. */
const LONG_SPAN = 2;
const FEWEST_OBSERVATIONS = 5;

export const persistence: Rule<PathFacts> = ({ run, rules }) => {
  const { observations, spanMs, still } = run;
  const spared = spanMs >= LONG_SPAN * rules.confirmMs ? 1 : 0;
  const missing = Math.max(FEWEST_OBSERVATIONS, rules.confirmObservations - spared) - observations;
  const numbers = { observations, spanMs, stillCaptures: still };
  const facts = { rule: 'persistence', says: 'grew', numbers, missing: Math.max(0, missing) } as const;
  return missing <= 0 ? supports(facts) : waits(facts, true);
};

export const longEnough: Rule<PathFacts> = ({ run: { spanMs }, suspect, rules }) => {
  const mechanism = suspect.mechanism ?? null;
  const neededMs = rules.confirmMs * (mechanism === null ? 1 : (MECHANISMS[mechanism].patience ?? 1));
  if (spanMs >= neededMs) return null;
  return waits({ rule: 'duration', says: 'path', numbers: { spanMs, neededMs }, mechanism });
};

export const shareOfGrowth: Rule<PathFacts> = ({ suspect }) =>
  supports({ rule: 'share', says: 'path', numbers: { shareOfGrowth: suspect.shareOfGrowth } });

/** A cache that fills slowly looks like a leak until it is full: little growth is no reason for an alert. */
export const amount: Rule<PathFacts> = (facts) => {
  const { gainedBytes, steadyBytes, gainedCount } = facts.run;
  const neededBytes = facts.rules.confirmGrowthBytes;
  const { handles } = neededAmount(facts);
  if (steadyBytes >= neededBytes || gainedCount >= handles) return null;
  const numbers = { gainedBytes, steadyBytes, gainedCount, neededBytes };
  return waits({
    rule: 'amount',
    says: 'little',
    numbers,
    handles: Number.isFinite(handles) ? handles : null,
  });
};

/** Captures may catch members that come and go at a slightly higher number each time; a leak goes clearly beyond its earlier peak. */
export const pastPeak: Rule<PathFacts> = ({ run, suspect }) => {
  const { peakBefore, stepCount } = run;
  const count = suspect.steps.at(-1)?.count ?? 0;
  const needed = peakBefore + Math.max(BEYOND_STEPS * stepCount, BEYOND_PART * peakBefore);
  if (peakBefore === 0 || count > needed) return null;
  return holdsBack({ rule: 'past-peak', says: 'held-before', numbers: { peakBefore, count }, needed });
};

/** A filling collection slows down; if it fills evenly and is suddenly full, only the latest step shows it. */
export const latestGrowth: Rule<PathFacts> = ({ run, suspect }) =>
  levellingOff({
    pace: run.pace,
    now: suspect.steps.at(-1)?.count ?? 0,
    inBytes: false,
    steep: STEEP_DECLINE.counts,
  });
