/** Words for what ends growth by itself: a bound, an expiry, GCs. */
import type { Expiry } from '../heap/limits/limit.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, plural } from '../runtime/units.js';
import type { ReasonOf, Words } from './words.js';

export function boundWords(reason: ReasonOf<'bound'>): Words {
  if (reason.says === 'none') return [say`no bound found on its owner`, null];
  const { source, limit, unit, holders = 1, full = 0 } = reason.bound;
  const name = reason.bound.name ?? '';
  const which = say`'${name}' = ${formatCount(limit)}`;
  switch (reason.says) {
    case 'moves':
      return [say`${which} changes as it grows, so it is no bound`, null];
    case 'exceeded':
      return [say`went beyond ${which} on its owner`, null];
    case 'lost':
      return [
        source === 'full-holders'
          ? say`its holders stood at one number at the capture before`
          : say`bounded by '${name}' at the capture before`,
        say`a further capture that does not find the bound`,
      ];
    case 'bounded': {
      const level = formatBytes(reason.numbers.levelBytes);
      if (source === 'full-holders') {
        const each = formatCount(limit / holders);
        return [
          say`about ${formatCount(full)} of its ${formatCount(holders)} holders stand at exactly ${each} and none holds more: it will level off at about ${level}`,
          say`holders with more than ${each} each`,
        ];
      }
      const at = unit === 'bytes' ? formatBytes(limit) : formatCount(limit);
      return [say`bounded at ${at} by '${name}': will level off at about ${level}`, say`growth beyond ${at}`];
    }
  }
}

export function expiryWords(reason: ReasonOf<'expiry'>): Words {
  const { expiry, numbers } = reason;
  const lives = livesText(expiry);
  switch (reason.says) {
    case 'outlived':
      // That the oldest is still there is known only if it says so itself.
      return [
        expiry.oldestEndMs === null
          ? say`${lives} ('${expiry.name}'), but it has grown for longer than that`
          : say`${lives} ('${expiry.name}'), but the oldest is long past its end`,
        null,
      ];
    case 'too-far': {
      const reached = formatBytes(reason.numbers.reachedBytes);
      return [
        say`${lives} ('${expiry.name}'), but at the present pace it would hold ${reached} before that`,
        null,
      ];
    }
    case 'waits':
      return [
        say`${lives}: it should level off after that`,
        say`growth that goes on for ${formatDuration(-numbers.overdueMs / 1000)} more`,
      ];
  }
}

function livesText({ name, lifetimeMs, sweepMs = 0 }: Expiry): string {
  const ends =
    lifetimeMs === null
      ? say`'${name}' says when they end`
      : say`they live for ${formatDuration(lifetimeMs / 1000)}`;
  return sweepMs === 0 ? ends : say`${ends}, and are removed every ${formatDuration(sweepMs / 1000)}`;
}

export function weakWords(reason: ReasonOf<'weak-references'>): Words {
  if (reason.says === 'kept')
    return [say`${plural(reason.numbers.majorCollections, 'full GC')} did not clear them`, null];
  return [
    say`weak references, which are cleared only after a full GC`,
    say`${plural(reason.missing, 'more full GC')} by V8 itself`,
  ];
}
