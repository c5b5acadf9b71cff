import type { MemberLocation } from '../heap/sources/code-place.js';
import type { Suspect } from '../heap/suspects/suspect.js';
import { MECHANISMS } from '../mechanisms/mechanisms.js';
import { formatBytes, formatCount } from '../runtime/units.js';
import { holderText } from '../wording/holder-text.js';

import type { Verdict } from './verdict/verdict.js';

/** A holder of listeners as it is named: the event, where it is known, and whose. */
const LISTENERS = /^listener (?:array|list)(?: of event '(.*)')? of (.+)$/;
/** How a holder is named that is Node's own: by what its members call. */
const CALLING = / calling (.+)$/;

/** One line: what piles up and where, how fast, and how much there is now. */
export function titleOf(suspect: Suspect, verdict: Verdict): string {
  const { mechanism } = suspect;
  const owner = holderText(suspect.holder);
  const last = suspect.steps.at(-1);
  const about = suspect.scaled === true ? 'about ' : '';
  const now = `(${formatCount(last?.count ?? 0)} now, ${about}${formatBytes(last?.bytes ?? 0)})`;
  if (mechanism === null || mechanism === undefined) {
    const members = membersOf(suspect);
    return `${owner} gains ${rateOf(verdict, members)} ${now}`;
  }
  const { lead, members } = MECHANISMS[mechanism];
  const listeners = mechanism === 'event listeners' ? LISTENERS.exec(owner) : null;
  if (listeners !== null) {
    const event = listeners[1] === undefined ? 'Listeners' : `Listeners of '${listeners[1]}'`;
    return `${event} pile up on ${listeners[2]}: ${rateOf(verdict, 'more')} ${now}`;
  }
  const place = placeOf(suspect);
  return place === null
    ? `${lead}: ${owner} gains ${rateOf(verdict, members)} ${now}`
    : `${lead}: ${place} gains ${rateOf(verdict, null)} ${now}`;
}

/** Of a finding that no longer grows. */
export function settledTitle(owner: string): string {
  return `${owner} has stopped growing`;
}

function membersOf({ retainerPath }: Suspect): string {
  return ['property', 'variable'].includes(retainerPath.at(-1)?.edgeType ?? '') ? 'objects' : 'entries';
}

/** `600 entries a minute`; what comes more slowly is counted by the hour. */
function rateOf({ objectsPerSecond }: Verdict, members: string | null): string {
  const perMinute = objectsPerSecond * 60;
  const [rate, time] = perMinute >= 1 ? [perMinute, 'a minute'] : [perMinute * 60, 'an hour'];
  const figure = rate >= 9.5 ? formatCount(rate) : rate.toFixed(1).replace(/\.0$/, '');
  return members === null ? `${figure} ${time}` : `${figure} ${members} ${time}`;
}

/** What Node itself holds says less than the code that it calls; null where a holder of the program is known. */
function placeOf({ holder, mechanism, retainerPath, yours, locations = [] }: Suspect): string | null {
  const calling = CALLING.exec(holderText(holder))?.[1];
  if (calling !== undefined) return calling.replace(' at ', ' in ');
  const location = yours ?? locations[0];
  const isNodes =
    (mechanism != null && MECHANISMS[mechanism].heldByNode === true) || retainerPath.length <= 1;
  return location === undefined || !isNodes ? null : locationText(location);
}

/** `poll() in src/poller.ts:12` */
function locationText({ function: name, url, line }: MemberLocation): string {
  const path = url.replace(/[?#].*$/, '').split(/[\\/]/);
  const modules = path.lastIndexOf('node_modules');
  const short = (modules >= 0 ? path.slice(modules + 1) : path.slice(-2)).join('/');
  return `${name === 'function' ? 'a function' : `${name}()`} in ${short}:${line}`;
}
