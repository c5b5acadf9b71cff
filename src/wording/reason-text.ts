import type { Reason } from '../findings/reason.js';
import { MECHANISMS } from '../mechanisms/mechanisms.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatShare, plural } from '../runtime/units.js';
import { boundWords, expiryWords, weakWords } from './ceiling-text.js';
import { allocationWords, nativeWords, seriesWords } from './outside-reason.js';
import type { ReasonOf, Words } from './words.js';

/** One sentence without its full stop. */
export function reasonText(reason: Reason): string {
  return wordsOf(reason)[0];
}

/** What would change the verdict; null where nothing would. */
export function untilText(reason: Reason): string | null {
  return wordsOf(reason)[1];
}

function wordsOf(reason: Reason): Words {
  switch (reason.rule) {
    case 'persistence':
      return persistenceWords(reason);
    case 'duration':
      return durationWords(reason);
    case 'share':
      return reason.says === 'native'
        ? nativeWords(reason.numbers)
        : [say`${formatShare(reason.numbers.shareOfGrowth)} of the heap's growth`, null];
    case 'amount':
      return amountWords(reason);
    case 'bound':
      return boundWords(reason);
    case 'expiry':
      return expiryWords(reason);
    case 'weak-references':
      return weakWords(reason);
    case 'past-peak':
      return pastPeakWords(reason);
    case 'levelling-off':
      return levellingWords(reason);
    case 'traffic':
      return trafficWords(reason);
    case 'in-flight':
      return inFlightWords(reason);
    case 'allocation-sites':
      return allocationWords(reason);
    case 'series':
      return seriesWords(reason);
    case 'settled':
      return settledWords(reason);
    case 'seen-before':
      return seenBeforeWords(reason);
  }
}

function persistenceWords({ numbers, missing }: ReasonOf<'persistence'>): Words {
  const { observations, spanMs, stillCaptures } = numbers;
  const over = formatDuration(spanMs / 1000);
  const seen =
    stillCaptures === 0
      ? say`grew at every one of ${observations} captures over ${over}`
      : say`grew at ${observations} of ${observations + stillCaptures} captures over ${over} and lost none`;
  if (missing === 0) return [seen, null];
  const until = say`to be confirmed it must grow at ${plural(missing, 'more capture')}`;
  return [say`${seen}; ${until}`, until];
}

function durationWords(reason: ReasonOf<'duration'>): Words {
  if (reason.says === 'series') {
    const left = formatDuration(Math.ceil(reason.numbers.missingMs / 1000));
    const until = say`to be confirmed it must rise for ${left} more`;
    return [reason.mayFill ? say`a cache that fills looks the same: ${until}` : until, until];
  }
  const { spanMs, neededMs } = reason.numbers;
  const until = say`to be confirmed it must grow for ${formatDuration((neededMs - spanMs) / 1000)} more`;
  const because = reason.mechanism === null ? undefined : MECHANISMS[reason.mechanism].patienceBecause;
  return [because === undefined ? until : say`${until}, since ${because}`, until];
}

function amountWords({ numbers, handles }: ReasonOf<'amount'>): Words {
  const needed = formatBytes(numbers.neededBytes);
  const until =
    handles === null
      ? say`to be confirmed it must gain ${needed}`
      : say`to be confirmed it must gain ${formatCount(handles)}, or ${needed}`;
  return [say`gained ${formatBytes(numbers.steadyBytes)} so far; ${until}`, until];
}

function pastPeakWords({ numbers: { peakBefore, count }, needed }: ReasonOf<'past-peak'>): Words {
  return [
    say`it held ${formatCount(peakBefore)} before it last shrank, and ${formatCount(count)} now`,
    say`more than ${formatCount(needed)} held`,
  ];
}

function levellingWords(reason: ReasonOf<'levelling-off'>): Words {
  const share = formatShare(reason.numbers.paceRatio);
  const growth = reason.per === 'request' ? say`growth per request` : say`growth per second`;
  if (reason.says === 'latest')
    return [
      say`the latest step showed ${share} of the usual ${growth}: it may have come to its end`,
      say`the usual growth at the next step`,
    ];
  const level = roughly(reason.numbers.level);
  const at = reason.inBytes ? formatBytes(level) : formatCount(level);
  return [
    say`${growth} is down to ${share} of what it was: at that pace it will level off at about ${at}`,
    say`a pace that no longer falls`,
  ];
}

/** Two digits: the level is an estimate. */
function roughly(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / unit) * unit;
}

function trafficWords({ numbers: { trafficRatio, paceRatio } }: ReasonOf<'traffic'>): Words {
  return [
    say`traffic rose to ${formatShare(trafficRatio)} while growth per request fell to ${formatShare(paceRatio)}: it may follow the traffic`,
    say`growth that goes on under steady traffic`,
  ];
}

function inFlightWords(reason: ReasonOf<'in-flight'>): Words {
  if (reason.says === 'series')
    return [
      say`open sockets rose by ${formatCount(reason.numbers.sockets)} meanwhile, so it may be work in flight`,
      say`growth that goes on while the number of connections does not rise`,
    ];
  const { gainedCount, openSockets } = reason.numbers;
  return [
    say`gained ${formatCount(gainedCount)} while ${formatCount(openSockets)} sockets are open: it may be work in flight`,
    say`more than ${formatCount(reason.mayBeInFlight)} gained`,
  ];
}

function settledWords(reason: ReasonOf<'settled'>): Words {
  switch (reason.says) {
    case 'still': {
      const { flatCaptures } = reason.numbers;
      return [
        flatCaptures === 1
          ? say`did not grow at the latest capture`
          : say`has not grown at the latest ${plural(flatCaptures, 'capture')}`,
        say`growth at the next captures`,
      ];
    }
    case 'ended':
      return [say`it no longer grows`, say`growth that goes on`];
    case 'explained':
      return [say`it is the growth of ${reason.by}, which names its holder`, say`growth that goes on`];
  }
}

function seenBeforeWords({ says, at, speaksFor }: ReasonOf<'seen-before'>): Words {
  const day = say`${at.slice(0, 10)} at ${at.slice(11, 16)} UTC`;
  return [
    says === 'confirmed'
      ? say`confirmed on ${day}, before the program restarted`
      : say`first seen on ${day}, before the program restarted`,
    speaksFor ? null : say`growth at the next captures`,
  ];
}
