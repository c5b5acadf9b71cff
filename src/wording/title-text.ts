import type { LedgerFinding } from '../findings/ledger-finding.js';
import type { Holder } from '../heap/naming/holder.js';
import type { MemberLocation } from '../heap/sources/code-place.js';
import { MECHANISMS } from '../mechanisms/mechanisms.js';
import { say } from '../runtime/say.js';
import { shortScript } from '../runtime/script-name.js';
import { formatBytes, formatCount } from '../runtime/units.js';
import { emitterText, holderText } from './holder-text.js';
import { seriesTitle, siteTitle } from './outside-title.js';

/** One line: what piles up and where, how fast, and how much there is now. */
export function titleText(finding: LedgerFinding): string {
  const { says, subject } = finding.headline;
  if (subject.of === 'series') return seriesTitle(finding);
  if (subject.of === 'site') return siteTitle(finding);
  const holder = subject.of === 'path' ? holderText(subject.holder) : subject.owner;
  if (says === 'stopped') return say`${holder} has stopped growing`;
  if (subject.of === 'stored-path') return say`${holder} grew before the restart; no growth seen since`;
  return growingTitle(finding, subject.holder);
}

function growingTitle(finding: LedgerFinding, holder: Holder): string {
  const { mechanism, growth } = finding;
  const { count = 0, bytes = 0 } = growth.steps.at(-1) ?? {};
  const size = growth.bytesScaled ? say`about ${formatBytes(bytes)}` : formatBytes(bytes);
  const now = say`${formatCount(count)} now, ${size}`;
  const rate = (members: string | null) => rateText(growth.objectsPerSecond, members);
  if (mechanism === null) return say`${holderText(holder)} gains ${rate(membersText(finding))} (${now})`;
  if (mechanism === 'event listeners' && holder.kind === 'listeners') {
    const emitter = emitterText(holder);
    const more = rate(say`more`);
    return holder.event === null
      ? say`Listeners pile up on ${emitter}: ${more} (${now})`
      : say`Listeners of '${holder.event}' pile up on ${emitter}: ${more} (${now})`;
  }
  const { lead, members } = MECHANISMS[mechanism];
  const place = placeText(finding, holder);
  return place === null
    ? say`${lead}: ${holderText(holder)} gains ${rate(members)} (${now})`
    : say`${lead}: ${place} gains ${rate(null)} (${now})`;
}

function membersText({ retainerPath }: LedgerFinding): string {
  return ['property', 'variable'].includes(retainerPath.at(-1)?.edgeType ?? '') ? say`objects` : say`entries`;
}

/** `600 entries a minute`; a slow rate is given by the hour. */
function rateText(perSecond: number, members: string | null): string {
  const perMinute = perSecond * 60;
  const isSlow = perMinute < 1;
  const rate = isSlow ? perMinute * 60 : perMinute;
  const figure = rate >= 9.5 ? formatCount(rate) : rate.toFixed(1).replace(/\.0$/, '');
  const gained = members === null ? figure : `${figure} ${members}`;
  return isSlow ? say`${gained} an hour` : say`${gained} a minute`;
}

/** The code that members call, which says more than Node's own list of them; null if a holder in the program is known. */
function placeText(
  { mechanism, retainerPath, yours, locations }: LedgerFinding,
  holder: Holder,
): string | null {
  const callback = holder.kind === 'timers' || holder.kind === 'open' ? holder.callback : null;
  if (callback !== null) return locationText(callback);
  const location = yours ?? locations[0];
  const isNodes =
    (mechanism !== null && MECHANISMS[mechanism].heldByNode === true) || retainerPath.length <= 1;
  return location === undefined || !isNodes ? null : locationText(location);
}

/** `poll() in src/poller.ts:12` */
function locationText({ function: name, url, line }: MemberLocation): string {
  const where = `${shortScript(url)}:${line}`;
  return name === 'function' || name.startsWith('(')
    ? say`a function in ${where}`
    : say`${name}() in ${where}`;
}
