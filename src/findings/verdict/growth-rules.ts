import { formatBytes, formatCount, formatDuration, formatShare, plural } from '../../runtime/units.js';
/** What growth itself must show: for how long, how often, how much. */

import { MECHANISMS } from '../../mechanisms/mechanisms.js';
import { median } from './growth-run.js';
import { levelsOff } from './levelling-off.js';
import { handlesNeeded } from './needed-amount.js';
import { holdsBack, type Rule, speaksFor } from './rule.js';

/** How far beyond its past a tide must rise to be a leak: steps, since captures may miss the height; and a part. */
const BEYOND_STEPS = 2;
const BEYOND_PART = 0.25;

/** Over so many times the time needed, one observation fewer will do: a busy machine captures seldom. Never fewer than five. */
const LONG_SPAN = 2;
const FEWEST_OBSERVATIONS = 5;

/** Part of the usual growth that the latest step must show; where leaks come in batches another capture settles it. */
const LATEST_PART = 0.5;
/** Steps before it that say what is usual. */
const USUAL_RATES = 6;

export const persistence: Rule = ({ run, rules }) => {
  const { observations, spanMs, still } = run;
  const seen =
    still === 0
      ? `grew at every one of ${observations} captures over ${formatDuration(spanMs / 1000)}`
      : `grew at ${observations} of ${observations + still} captures over ${formatDuration(spanMs / 1000)} and lost none`;
  const numbers = { observations, spanMs, stillCaptures: still };
  const spared = spanMs >= LONG_SPAN * rules.confirmMs ? 1 : 0;
  const missing = Math.max(FEWEST_OBSERVATIONS, rules.confirmObservations - spared) - observations;
  if (missing <= 0) return speaksFor('persistence', seen, numbers);
  const until = `to be confirmed it must grow at ${plural(missing, 'more capture')}`;
  const ruling = speaksFor('persistence', `${seen}; ${until}`, numbers);
  return { ...ruling, evidence: { ...ruling.evidence, untilWhat: until }, holds: true };
};

export const longEnough: Rule = ({ run: { spanMs }, suspect, rules }) => {
  const { patience = 1, patienceBecause = null } =
    suspect.mechanism == null ? {} : MECHANISMS[suspect.mechanism];
  const neededMs = rules.confirmMs * patience;
  if (spanMs >= neededMs) return null;
  const until = `to be confirmed it must grow for ${formatDuration((neededMs - spanMs) / 1000)} more`;
  const why = patienceBecause === null ? '' : `, since ${patienceBecause}`;
  return holdsBack('duration', `${until}${why}`, { spanMs, neededMs }, until);
};

export const shareOfGrowth: Rule = ({ suspect }) =>
  speaksFor('share', `${formatShare(suspect.shareOfGrowth)} of the heap's growth`, {
    shareOfGrowth: suspect.shareOfGrowth,
  });

/** A cache that fills slowly looks like a leak until it has filled: little growth is no reason to call anybody. */
export const amount: Rule = ({ suspect, run, rules }) => {
  const { gainedBytes, steadyBytes, gainedCount } = run;
  if (steadyBytes >= rules.confirmGrowthBytes) return null;
  const handles = handlesNeeded(suspect.mechanism, rules);
  if (gainedCount >= handles) return null;
  const until = Number.isFinite(handles)
    ? `to be confirmed it must gain ${formatCount(handles)}, or ${formatBytes(rules.confirmGrowthBytes)}`
    : `to be confirmed it must gain ${formatBytes(rules.confirmGrowthBytes)}`;
  const numbers = { gainedBytes, steadyBytes, gainedCount, neededBytes: rules.confirmGrowthBytes };
  return holdsBack('amount', `gained ${formatBytes(steadyBytes)} so far; ${until}`, numbers, until);
};

/** A tide that comes and goes may be caught a little higher each time; a leak goes clearly beyond what was there before. */
export const pastPeak: Rule = ({ run, suspect }) => {
  const { peakBefore, stepCount } = run;
  const now = suspect.steps.at(-1)?.count ?? 0;
  const needed = peakBefore + Math.max(BEYOND_STEPS * stepCount, BEYOND_PART * peakBefore);
  if (peakBefore === 0 || now > needed) return null;
  return holdsBack(
    'past-peak',
    `it held ${formatCount(peakBefore)} before it last fell, and ${formatCount(now)} now`,
    { peakBefore, count: now },
    `more than ${formatCount(needed)} held`,
  );
};

/** What fills evenly and is full at once shows no trend in its pace: only the latest step tells. */
export const latestStep: Rule = ({ run }) => {
  const rates = run.rates.map(({ rate }) => rate);
  const [before, latest] = rates.slice(-2);
  if (before === undefined || latest === undefined || levelsOff(run.rates).levels) return null;
  const usual = median(rates.slice(-1 - USUAL_RATES, -1));
  // Two slow ones are a new pace, such as that of the load.
  if (latest >= LATEST_PART * usual || before < LATEST_PART * usual) return null;
  const paceRatio = latest / usual;
  return holdsBack(
    'levelling-off',
    `the latest capture showed ${formatShare(paceRatio)} of its usual growth a ${run.unit}: it may have come to its end`,
    { paceRatio },
    'the usual growth at the next capture',
  );
};

export const levelling: Rule = ({ run, suspect }) => {
  const { levels, paceRatio, remaining } = levelsOff(run.rates);
  if (!levels) return null;
  const now = suspect.steps.at(-1)?.count ?? 0;
  const level = now + (remaining ?? 0);
  const pace = `its growth a ${run.unit} is down to ${formatShare(paceRatio)} of what it was`;
  return holdsBack(
    'levelling-off',
    `${pace}: at that it will level off at about ${formatCount(roughly(level))}`,
    { paceRatio, level },
    'a pace that no longer falls',
  );
};

/** Two digits: the level is an estimate. */
function roughly(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / unit) * unit;
}
