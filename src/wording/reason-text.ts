import type { Reason } from '../findings/reason.js';
import { MECHANISMS } from '../mechanisms/mechanisms.js';
import { say } from '../runtime/say.js';
import { formatBytes, formatCount, formatDuration, formatShare, plural } from '../runtime/units.js';
import { CEILING_WORDS } from './ceiling-text.js';
import { OUTSIDE_WORDS } from './outside-reason.js';
import type { Words, WordsOf } from './words.js';

/** One sentence without its full stop. */
export function reasonText(reason: Reason): string {
  const words = wordsOf(reason);
  return typeof words === 'string' ? words : words[0];
}

/** What would change the verdict; null if nothing would. */
export function untilText(reason: Reason): string | null {
  const words = wordsOf(reason);
  return typeof words === 'string' ? null : words[1];
}

function wordsOf(reason: Reason): Words {
  // Each key belongs to one kind of reason, which the compiler loses when it reads the key.
  const words = WORDS[`${reason.rule}: ${reason.says}` as keyof typeof WORDS] as (reason: Reason) => Words;
  return words(reason);
}

const WORDS: WordsOf<Reason['rule']> = {
  ...CEILING_WORDS,
  ...OUTSIDE_WORDS,
  'persistence: grew': ({ numbers: { observations, spanMs, stillCaptures }, missing }) => {
    const over = formatDuration(spanMs / 1000);
    const seen =
      stillCaptures === 0
        ? say`grew at every one of ${observations} captures over ${over}`
        : say`grew at ${observations} of ${observations + stillCaptures} captures over ${over} and lost none`;
    if (missing === 0) return seen;
    const until = say`to be confirmed it must grow at ${plural(missing, 'more capture')}`;
    return [say`${seen}; ${until}`, until];
  },
  'duration: path': ({ numbers: { spanMs, neededMs }, mechanism }) => {
    const until = say`to be confirmed it must grow for ${formatDuration(Math.ceil((neededMs - spanMs) / 1000))} more`;
    const because = mechanism === null ? undefined : MECHANISMS[mechanism].patienceBecause;
    return [because === undefined ? until : say`${until}, since ${because}`, until];
  },
  'duration: series': ({ numbers, mayFill }) => {
    const left = formatDuration(Math.ceil(numbers.missingMs / 1000));
    const until = say`to be confirmed it must rise for ${left} more`;
    return [mayFill ? say`a cache that fills looks the same: ${until}` : until, until];
  },
  'share: path': ({ numbers }) => say`${formatShare(numbers.shareOfGrowth)} of the heap's growth`,
  // There is no path to memory outside V8, so the words say what it may be and how to find out.
  'share: native': ({ numbers: { gainedBytes, residentBytes } }) => [
    say`the process grew by ${formatBytes(residentBytes)}, of which ${formatBytes(gainedBytes)} are neither heap nor buffers; there is no path to these`,
    say`a run with MALLOC_ARENA_MAX=2, or with another allocator such as jemalloc: if memory stays flat, it was fragmentation`,
  ],
  'amount: little': ({ numbers, handles }) => {
    const needed = formatBytes(numbers.neededBytes);
    const until =
      handles === null
        ? say`to be confirmed it must gain ${needed}`
        : say`to be confirmed it must gain ${formatCount(handles)}, or ${needed}`;
    return [say`gained ${formatBytes(numbers.steadyBytes)} so far; ${until}`, until];
  },
  'past-peak: held-before': ({ numbers: { peakBefore, count }, needed }) => [
    say`it held ${formatCount(peakBefore)} before it last shrank, and ${formatCount(count)} now`,
    say`more than ${formatCount(needed)} held`,
  ],
  'levelling-off: slower': ({ numbers, per, inBytes }) => {
    const level = roughly(numbers.level);
    const at = inBytes ? formatBytes(level) : formatCount(level);
    return [
      say`${paceText(per)} is down to ${formatShare(numbers.paceRatio)} of what it was: if it keeps slowing down, it will level off at about ${at}`,
      say`growth that no longer slows down`,
    ];
  },
  'levelling-off: latest': ({ numbers, per }) => [
    say`${paceText(per)} at the latest step was ${formatShare(numbers.paceRatio)} of the usual: growth may be ending`,
    say`the usual growth at the next step`,
  ],
  'traffic: ramp': ({ numbers: { trafficRatio, paceRatio } }) => [
    say`traffic rose to ${formatShare(trafficRatio)} while growth per request fell to ${formatShare(paceRatio)}: growth may follow the traffic`,
    say`growth that goes on under steady traffic`,
  ],
  'in-flight: path': ({ numbers: { gainedCount, openSockets }, mayBeInFlight }) => [
    say`gained ${formatCount(gainedCount)} while ${formatCount(openSockets)} sockets are open: it may be work in flight`,
    say`more than ${formatCount(mayBeInFlight)} gained`,
  ],
  'in-flight: series': ({ numbers }) => [
    say`open sockets rose by ${formatCount(numbers.sockets)} meanwhile, so it may be work in flight`,
    say`growth that goes on while the number of connections does not rise`,
  ],
  'settled: still': ({ numbers: { flatCaptures } }) => [
    flatCaptures === 1
      ? say`did not grow at the latest capture`
      : say`has not grown at the latest ${plural(flatCaptures, 'capture')}`,
    say`growth at the next captures`,
  ],
  'settled: ended': () => [say`it no longer grows`, say`growth that goes on`],
  'settled: explained': ({ by }) => [
    say`explained by ${by}, which names its holder`,
    say`growth that goes on`,
  ],
  'seen-before: first-seen': ({ at, speaksFor }) =>
    unlessGrows(say`first seen on ${dayText(at)}, before the program restarted`, speaksFor),
  'seen-before: confirmed': ({ at, speaksFor }) =>
    unlessGrows(say`confirmed on ${dayText(at)}, before the program restarted`, speaksFor),
};

function paceText(per: 'request' | 'second'): string {
  return per === 'request' ? say`growth per request` : say`growth per second`;
}

/** Two digits: the level is an estimate. */
function roughly(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / unit) * unit;
}

function dayText(iso: string): string {
  return say`${iso.slice(0, 10)} at ${iso.slice(11, 16)} UTC`;
}

function unlessGrows(sentence: string, grows: boolean): Words {
  return grows ? sentence : [sentence, say`growth at the next captures`];
}
