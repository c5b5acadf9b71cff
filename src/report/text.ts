import { hasGraph } from '../capture/capture-record.js';
import type { Decision, Finding, FindingStatus } from '../findings/finding.js';
import { isOpen } from '../findings/ledger-finding.js';
import type { AllocationSite, MemberLocation } from '../heap/sources/code-place.js';
import type { FindingKind } from '../mechanisms/mechanism-row.js';
import { say } from '../runtime/say.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatDurationRange,
  formatMilliseconds,
  formatRate,
  formatShare,
  plural,
} from '../runtime/units.js';
import { heldBy } from './held-by.js';
import { labelled, wrap } from './layout.js';
import type { Report, ReportCapture } from './report.js';
import { terminalText } from './terminal-text.js';

const MAX_NAME = 100;
const MAX_SENTENCE = 300;
const MAX_FIELDS = 8;
const MAX_SITES = 3;
const MAX_CALLERS = 2;
const MAX_STEPS = 8;
/** Stands for the name of a function without one. */
const ANONYMOUS = 'function';

const HEADLINES: Readonly<Record<FindingStatus, string>> = {
  confirmed: say`LEAK confirmed`,
  suspected: say`LEAK suspected`,
  plateaued: say`GROWTH plateaued`,
  resolved: say`GROWTH resolved`,
};

/** What grows, other than plain objects. */
const KINDS: Readonly<Record<Exclude<FindingKind, 'heap'>, string>> = {
  external: say`buffers, outside the heap`,
  native: say`native memory, outside the heap`,
  handles: say`handles`,
  contexts: say`contexts`,
};

/** Why a capture pauses the service, by dumper. */
const PAUSES: Readonly<Record<string, string>> = {
  fork: say`to fork a copy of the process`,
  inline: say`snapshots are taken in the process itself`,
};

/** The whole report for a person: worst finding first, or one line that says how reliable "no leak" is. Ends in a newline. */
export function renderReport(report: Report): string {
  const blocks = report.findings.map((finding) => renderFinding(finding, report));
  if (!report.findings.some(isOpen)) blocks.unshift(`${noLeak(report)}\n`);
  else blocks.push(`${processLine(report)}\n`);
  return blocks.join('\n');
}

/** The parts of a report that the text of a finding needs. */
type FindingContext = Pick<Report, 'heap'> & {
  readonly process: Pick<Report['process'], 'startedAt'>;
  readonly watcher: Pick<Report['watcher'], 'captures'>;
};

/** One finding with its counts and sizes at the captures that are kept: the first one and the latest. */
export function renderWithSeries(finding: Finding, context: FindingContext): string {
  const { steps } = finding.growth;
  const shown = steps.length <= MAX_STEPS ? steps : [...steps.slice(0, 1), ...steps.slice(1 - MAX_STEPS)];
  const parts = shown.map(
    ({ at, count, bytes }) => `${name(at.slice(0, 19))}Z ${formatCount(count)}, ${formatBytes(bytes)}`,
  );
  if (steps.length > shown.length) parts.splice(1, 0, say`${formatCount(steps.length - shown.length)} more`);
  const rows = labelled(say`series`, wrap(parts, '; '));
  return [renderFinding(finding, context).trimEnd(), ...rows, ''].join('\n');
}

/** One finding as headline and labelled lines; a line for which nothing is known is left out. Ends in a newline. */
export function renderFinding(finding: Finding, context: FindingContext): string {
  const { heap, watcher } = context;
  const { title, reasons, alsoHeldBy, allocationSites, retainerPath } = finding;
  const lines: readonly (readonly [label: string, parts: readonly string[], separator: string])[] = [
    [say`what`, name(title, MAX_SENTENCE).split(' '), ' '],
    [say`held by`, heldBy(retainerPath), ' › '],
    [say`also by`, alsoHeldBy.slice(0, MAX_SITES).map((holder) => name(holder)), ', '],
    [isOld(finding, context) ? say`held` : say`holds`, holds(finding, context), ' '],
    [say`allocated`, allocationSites.slice(0, MAX_SITES).map(allocated), '; also '],
    [say`defined`, definedPlaces(finding), ', '],
    [say`yours`, yourPlace(finding), ' '],
    [say`package`, packageName(finding), ' '],
    [say`decided`, decisions(finding), '; '],
    [say`because`, reasons.map((reason) => name(reason, MAX_SENTENCE)), '; '],
    [say`cost`, cost(watcher.captures), ', '],
    [say`id`, [name(finding.id)], ''],
  ];
  const rows = lines.flatMap(([label, parts, separator]) => labelled(label, wrap(parts, separator)));
  return `${[headline(finding, heap), ...rows].join('\n')}\n`;
}

function headline(finding: Finding, heap: Report['heap']): string {
  const growing = isOpen(finding);
  const parts = [`${HEADLINES[finding.status]} (${formatShare(finding.confidence)})`];
  if (growing) parts.push(...rate(finding), ...(isBounded(finding) ? [] : limit(finding, heap)));
  if (growing && finding.kind !== 'heap') parts.push(KINDS[finding.kind]);
  if (finding.muted) parts.push(say`muted`);
  if (finding.acknowledgement !== null) parts.push(say`acknowledged`);
  return parts.join('   ');
}

/** Who decided what about it, and why. */
function decisions({ muting, acknowledgement }: Finding): string[] {
  const parts: string[] = [];
  const about = ({ by, at, reason }: Decision) => `${name(by)}, ${name(at)}: ${name(reason, MAX_SENTENCE)}`;
  if (muting !== null) parts.push(say`muted by ${about(muting)}`);
  if (acknowledgement !== null) parts.push(say`acknowledged by ${about(acknowledgement)}`);
  return parts;
}

/** Handles and contexts counted outside the graph have no bytes. */
function rate({ growth }: Finding): string[] {
  const { bytesPerSecond, objectsPerSecond, bytesPerRequest, bytesScaled } = growth;
  if (bytesPerSecond <= 0 && objectsPerSecond > 0)
    return [say`+${formatCount(objectsPerSecond * 60)} a minute`];
  const perRequest = bytesPerRequest === null ? '' : say`, about ${formatBytes(bytesPerRequest)} per request`;
  return [`${bytesScaled ? say`about ` : ''}${formatRate(bytesPerSecond)}${perRequest}`];
}

/** Growth that will level off by itself reaches no limit. */
function isBounded({ evidence }: Finding): boolean {
  return evidence.some(({ rule, speaksFor }) => rule === 'bound' && !speaksFor);
}

/** The heap's forecast counts all growth and has an interval. Until there is one, and for growth outside the heap, the finding's own is used. */
function limit(finding: Finding, heap: Report['heap']): string[] {
  const inHeap = finding.kind === 'heap' || finding.retainerPath.length > 0;
  const forecast = inHeap ? heap.secondsToLimit : null;
  const seconds = forecast ?? finding.secondsToLimit;
  if (seconds === null) return [];
  const range = forecast === null ? null : heap.secondsToLimitRange;
  const around = range === null ? '' : ` (${formatDurationRange(range.low, range.high)})`;
  const time = `${formatDuration(seconds)}${around}`;
  return [inHeap ? say`heap limit in ${time}` : say`memory limit in ${time}`];
}

/** Its numbers are those of the process before the restart. */
function isOld({ growth }: Finding, { process: { startedAt } }: FindingContext): boolean {
  const last = growth.steps.at(-1);
  return last !== undefined && Date.parse(last.at) < Date.parse(startedAt);
}

function holds(finding: Finding, context: FindingContext): string[] {
  const last = finding.growth.steps.at(-1);
  // Without a path there are no members, only numbers, which the title gives.
  if (last === undefined || last.count <= 0 || finding.retainerPath.length === 0) return [];
  const fields = finding.fields.slice(0, MAX_FIELDS).map((field) => name(field));
  if (finding.fields.length > MAX_FIELDS) fields.push('…');
  const each = say`each about ${formatBytes(last.bytes / last.count)}`;
  const detail = fields.length === 0 ? `(${each})` : `(${each}: ${fields.join(', ')})`;
  const when = isOld(finding, context) ? say` before the restart` : '';
  return [name(finding.className), `×${formatCount(last.count)}`, ...`${detail}${when}`.split(' ')];
}

/** The place, and the callers: `src/orders.ts:33 in record  ‹ src/checkout.ts:71`. */
function allocated(site: AllocationSite): string {
  const callers = site.callers
    .slice(0, MAX_CALLERS)
    .map(({ url, line }) => `  ‹ ${name(shortUrl(url))}:${line}`);
  return `${place(site)}${callers.join('')}`;
}

function place({ function: functionName, url, line }: MemberLocation): string {
  const where = functionName === '' || functionName === ANONYMOUS ? '' : say` in ${name(functionName)}`;
  return `${name(shortUrl(url))}:${line}${where}`;
}

/** If no allocation was seen, the next best place is where the members' class, or the function they call, is defined. */
function definedPlaces({ allocationSites, locations }: Finding): string[] {
  return allocationSites.length > 0 ? [] : locations.slice(0, MAX_SITES).map(place);
}

/** Empty when a line above shows the same place. */
function yourPlace({ yours, allocationSites, locations }: Finding): string[] {
  if (yours === null) return [];
  const shown = [...allocationSites.slice(0, MAX_SITES), ...(allocationSites.length > 0 ? [] : locations)];
  const isShown = shown.some(({ url, line }) => url === yours.url && line === yours.line);
  return isShown ? [] : [place(yours)];
}

function packageName({ package: origin }: Finding): string[] {
  if (origin === null) return [];
  return [name(origin.version === null ? origin.name : `${origin.name}@${origin.version}`)];
}

/** From the last `node_modules`, or the last four parts: the rest is the same for every line of a program. A path that has no more is whole. */
function shortUrl(url: string): string {
  const path = url.replace(/^file:\/\//, '');
  const modules = path.lastIndexOf('/node_modules/');
  if (modules >= 0) return path.slice(modules + 1);
  const parts = path.split('/');
  return parts.length <= 5 && parts[0] === '' ? path : parts.slice(-4).join('/');
}

/** A reader does not count probes and censuses as captures, but they pause the service, too. */
function cost(captures: readonly ReportCapture[]): string[] {
  const taken = captures.filter(({ outcome }) => outcome !== 'skipped');
  const [longest] = taken.toSorted((a, b) => b.pauseMs - a.pauseMs);
  if (longest === undefined) return [];
  const why = PAUSES[longest.dumper];
  const pause = say`longest pause ${formatMilliseconds(longest.pauseMs)}${why === undefined ? '' : ` (${why})`}`;
  return [plural(taken.filter(isGraph).length, 'capture'), pause];
}

const isGraph = ({ rung }: ReportCapture): boolean => hasGraph(rung);

function noLeak(report: Report): string {
  const { watcher, heap } = report;
  const reason = name(watcher.reason, MAX_SENTENCE);
  if (watcher.state === 'failed') return say`not watching, so nothing is known about leaks: ${reason}`;
  const graphs = watcher.captures.filter(isGraph);
  const successes = graphs.filter(({ outcome }) => outcome === 'success').length;
  const facts = [plural(successes, 'capture'), liveHeap(heap)];
  const watched = watchedSeconds(report);
  if (watched !== null) facts.unshift(say`watched for ${formatDuration(watched)}`);
  const latest = (rung: string) => watcher.captures.findLast((capture) => capture.rung === rung);
  facts.push(...failure('capture', graphs.at(-1)));
  for (const rung of ['census', 'probe']) facts.push(...failure(rung, latest(rung)));
  const grows = heap.at !== null && heap.trend.windowMs > 0 && heap.trend.low > 0;
  const verdict = say`no leak found so far${grows ? `; ${rising(successes)}` : ''}`;
  const doubt =
    watcher.state === 'watching' ? '' : ` (${watcher.state}${reason === '' ? '' : `: ${reason}`})`;
  const next = watcher.state === 'watching' && grows ? nextStep(watcher.detail) : [];
  return `${verdict}${doubt}: ${[...facts, ...next].join(', ')}`;
}

/** A rising heap is no alarm: it also rises while a service starts or a cache fills. */
function rising(captures: number): string {
  if (captures < 2)
    return say`the heap rises, as it does after a start; captures will show whether anything keeps growing`;
  return say`the heap rises, but nothing in it has grown for long enough to distinguish a leak from a filling cache`;
}

/** The reason why nothing is captured now says when the next capture is due. */
function nextStep(detail: string): string[] {
  return detail === '' ? [] : [say`at present: ${name(detail, MAX_SENTENCE)}`];
}

/** Whether the latest capture of one kind failed; successes of other kinds say nothing about it. */
function failure(what: string, latest: ReportCapture | undefined): string[] {
  if (latest === undefined || latest.outcome === 'success' || latest.reason === null) return [];
  const reason = name(latest.reason, MAX_SENTENCE);
  return latest.outcome === 'skipped'
    ? [say`the latest ${what} was skipped (${reason})`]
    : [say`the latest ${what} failed (${reason})`];
}

function processLine(report: Report): string {
  const { pid, nodeVersion } = report.process;
  const watched = watchedSeconds(report);
  const time = watched === null ? '' : say`, watched for ${formatDuration(watched)}`;
  return say`process ${pid}, Node ${name(nodeVersion)}${time}: ${liveHeap(report.heap)}`;
}

function liveHeap(heap: Report['heap']): string {
  if (heap.at === null) return say`live heap not measured yet`;
  const limit = heap.limitBytes > 0 ? say` of ${formatBytes(heap.limitBytes)}` : '';
  return say`live heap ${formatBytes(heap.liveBytes)}${limit}, ${direction(heap.trend)}`;
}

/** The interval of the slope decides, not the slope: the heap rises or falls only when zero lies outside of it. */
function direction({ bytesPerSecond, low, high, windowMs }: Report['heap']['trend']): string {
  if (windowMs <= 0) return say`trend not known yet`;
  const rate = say`${formatRate(bytesPerSecond)} over ${formatDuration(windowMs / 1000)}`;
  if (low > 0) return say`rising ${rate}`;
  if (high < 0) return say`falling ${rate}`;
  return say`flat (${rate})`;
}

/** To the latest sample, not to now: the same report reads the same at any time. */
function watchedSeconds(report: Report): number | null {
  if (report.heap.at === null) return null;
  return (Date.parse(report.heap.at) - Date.parse(report.watcher.since)) / 1000;
}

function name(text: string, maxLength = MAX_NAME): string {
  return terminalText(text, maxLength);
}
