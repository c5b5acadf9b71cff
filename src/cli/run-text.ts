import type { Finding } from '../findings/finding.js';
import type { Report } from '../report/report.js';
import { terminalText } from '../report/terminal-text.js';
import { renderReport } from '../report/text.js';
import { formatBytes, formatDuration, formatRate, plural } from '../runtime/units.js';
import { type LeakCounts, leakStatus, type RunVerdict, watchedSeconds, worstLeak } from './run-verdict.js';
import type { Ending } from './started-program.js';
import { page } from './table.js';
import type { WatchedReports } from './watched-processes.js';

const MAX_TEXT = 300;
/** Processes besides the worst one that get a line each. */
const MAX_OTHERS = 10;

const AT_THE_LIMIT = ' (Node.js aborts this way when its heap reaches the limit)';
const OUT_OF_MEMORY = ' (the system kills programs this way when memory runs out)';
/** Why a program may have ended unasked. A shell's exit code is 128 plus the signal's number. */
const HINTS: Readonly<Record<string, string>> = {
  SIGABRT: AT_THE_LIMIT,
  '134': AT_THE_LIMIT,
  SIGKILL: OUT_OF_MEMORY,
  '137': OUT_OF_MEMORY,
};

/** How the command ended, for the summary. */
export interface ProgramEnd extends Ending {
  readonly askedToEnd: boolean;
  readonly ranForSeconds: number;
}

/** The live line: the present state of the worst process. */
export function liveText(reports: readonly Report[], ranForSeconds: number): string {
  const report = reports[0];
  const time = `leakwatch ${elapsed(ranForSeconds)}`;
  if (report === undefined) return `${time}  waiting for a Node.js program`;
  const { heap, watcher } = report;
  const several = reports.length > 1 ? [`${reports.length} processes`] : [];
  const taken = watcher.captures.filter(
    ({ outcome, rung }) => outcome === 'success' && (rung === 'sampled' || rung === 'full'),
  ).length;
  const leak = worstLeak(report);
  const worst = leak === null ? [] : [`${leak.status}: ${leak.finding.title}`];
  return [
    time,
    ...several,
    watcher.state,
    `live heap ${formatBytes(heap.liveBytes)}, ${trendText(heap.trend)}`,
    plural(taken, 'capture'),
    ...worst,
  ].join('  ');
}

/** `0:34`, `2:05`, `1:02:03` */
export function elapsed(seconds: number): string {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (part: number) => String(part).padStart(2, '0');
  return `${hours > 0 ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

/** The worst process in full, the others in a line each, how the program ended, and the verdict. Ends in a newline. */
export function summaryText(
  { reports, killed }: WatchedReports,
  verdict: RunVerdict,
  end: ProgramEnd,
  command: string,
): string {
  const [worst, ...others] = reports;
  const lines = others.slice(0, MAX_OTHERS).map(processLine);
  if (others.length > MAX_OTHERS) lines.push(`and ${others.length - MAX_OTHERS} more processes`);
  const blocks = [
    worst === undefined ? [] : [renderReport(worst).trimEnd()],
    lines,
    [endText(end, command), ...killedText(killed), ...verdictText(verdict, reports)],
  ];
  return `\n${page(blocks)}`;
}

/** `'npm start' ended by itself after 12 s with exit code 1.` */
function endText({ code, signal, askedToEnd, ranForSeconds }: ProgramEnd, command: string): string {
  const name = `'${terminalText(command, MAX_TEXT)}'`;
  const time = `after ${formatDuration(ranForSeconds)}`;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  if (askedToEnd) return `${name} was asked to end ${time} and ended ${how}.`;
  if (signal === null) return `${name} ended by itself ${time} ${how}${HINTS[String(code)] ?? ''}.`;
  return `${name} was ended ${how} ${time}${HINTS[signal] ?? ''}.`;
}

function verdictText(verdict: RunVerdict, reports: readonly Report[]): string[] {
  if (verdict.outcome === 'leak') return leakText(verdict.leaks, reports);
  if (verdict.outcome === 'not-watched') return [`Inconclusive: ${terminalText(verdict.reason, MAX_TEXT)}.`];
  if (verdict.shortOfSeconds !== null) {
    const ran = formatDuration(Math.max(...reports.map(watchedSeconds)));
    const needed = `about ${formatDuration(verdict.shortOfSeconds)} at the pace '${reports[0]?.watcher.pace}'`;
    return [`No leak found in ${ran}, which is too short: confirming one takes ${needed}.`];
  }
  return [
    verdict.rises
      ? 'No leak found, but the heap rises and the cause is unknown; a longer run would show it.'
      : 'No leak.',
  ];
}

function leakText({ confirmed, suspected }: LeakCounts, reports: readonly Report[]): string[] {
  const lines = [];
  if (confirmed > 0) {
    const settled = !reports.some((report) => report.findings.some((finding) => growsYet(finding, report)));
    const since = settled ? '; it has stopped growing since' : '';
    lines.push(`${plural(confirmed, 'leak')} confirmed${since}.`);
  }
  if (suspected > 0)
    lines.push(`${plural(suspected, 'leak')} suspected; a longer run would confirm or clear this.`);
  return lines;
}

function growsYet(finding: Finding, report: Report): boolean {
  return finding.status === 'confirmed' && leakStatus(finding, report) === 'confirmed';
}

function killedText(pids: readonly number[]): string[] {
  if (pids.length === 0) return [];
  return [
    `No final report, only the latest one before the end: process ${pids.slice(0, MAX_OTHERS).join(', ')}.`,
  ];
}

function processLine(report: Report): string {
  const leak = worstLeak(report);
  const what =
    leak === null ? 'no leak found' : `${leak.status}: ${terminalText(leak.finding.title, MAX_TEXT)}`;
  const { liveBytes, trend } = report.heap;
  return `process ${report.process.pid}, watched for ${formatDuration(watchedSeconds(report))}: ${what}; live heap ${formatBytes(liveBytes)}, ${trendText(trend)}`;
}

function trendText({ bytesPerSecond, low, high, windowMs }: Report['heap']['trend']): string {
  if (windowMs <= 0) return 'trend unknown yet';
  const direction = low > 0 ? 'rising' : high < 0 ? 'falling' : 'flat';
  return `${direction} ${formatRate(bytesPerSecond)}`;
}
