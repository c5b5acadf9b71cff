/** Words for limits that end growth: a bound, an expiry, GCs. */
import type { Bound, Expiry } from '../heap/limits/limit.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, plural } from '../runtime/units.js';
import type { WordsOf } from './words.js';

export const CEILING_WORDS: WordsOf<'bound' | 'expiry' | 'weak-references'> = {
  'bound: none': () => say`no bound found on its owner`,
  'bound: moves': ({ bound }) => say`${settingText(bound)} changes as it grows, so it is no bound`,
  'bound: exceeded': ({ bound }) => say`went beyond ${settingText(bound)} on its owner`,
  'bound: lost': ({ bound: { name } }) => [
    name === null
      ? say`its holders all had the same size at the previous capture`
      : say`bounded by '${name}' at the previous capture`,
    say`another capture that does not find the bound`,
  ],
  'bound: bounded': ({ bound: { name, limit, unit, holders = 1, full = 0 }, numbers }) => {
    const level = formatBytes(numbers.levelBytes);
    const at = unit === 'bytes' ? formatBytes(limit) : formatCount(limit);
    if (name !== null)
      return [say`bounded at ${at} by '${name}': will level off at about ${level}`, say`growth beyond ${at}`];
    const each = formatCount(limit / holders);
    return [
      say`about ${formatCount(full)} of its ${formatCount(holders)} holders have exactly ${each} and none has more: it will level off at about ${level}`,
      say`holders with more than ${each} each`,
    ];
  },
  // Whether the oldest member is overdue is known only if members carry their end.
  'expiry: outlived': ({ expiry }) =>
    expiry.oldestEndMs === null
      ? say`${livesText(expiry)} ('${expiry.name}'), but it has grown for longer than that`
      : say`${livesText(expiry)} ('${expiry.name}'), but the oldest should have expired long ago`,
  'expiry: too-far': ({ expiry, numbers }) =>
    say`${livesText(expiry)} ('${expiry.name}'), but at the current rate it would reach ${formatBytes(numbers.reachedBytes)} before that`,
  'expiry: waits': ({ expiry, numbers }) => [
    say`${livesText(expiry)}: it should level off after that`,
    say`growth that goes on for ${formatDuration(Math.ceil(-numbers.overdueMs / 1000))} more`,
  ],
  'weak-references: kept': ({ numbers }) =>
    say`${plural(numbers.majorCollections, 'full GC')} did not clear them`,
  'weak-references: waits': ({ missing }) => [
    say`weak references, which are cleared only after a full GC`,
    say`${plural(missing, 'more full GC')} by V8 itself`,
  ],
};

function settingText({ name, limit }: Bound): string {
  return say`'${name ?? ''}' = ${formatCount(limit)}`;
}

function livesText({ name, lifetimeMs, sweepMs = 0 }: Expiry): string {
  const ends =
    lifetimeMs === null
      ? say`'${name}' says when they expire`
      : say`they live for ${formatDuration(lifetimeMs / 1000)}`;
  return sweepMs === 0 ? ends : say`${ends}, and are removed every ${formatDuration(sweepMs / 1000)}`;
}
