import type { Report } from '../report/report.js';
import { terminalText } from '../report/terminal-text.js';
import { renderReport } from '../report/text.js';
import { formatBytes, formatDuration, formatRate, plural } from '../runtime/units.js';
import type { RunReports } from './run-folder.js';
import { graphsOf, type RunVerdict, watchedSeconds, worstLeak } from './run-verdict.js';
import type { Ending } from './started-program.js';
import { page } from './table.js';

const MAX_TEXT = 300;
/** Processes besides the worst one that get a line each. */
const MAX_OTHERS = 10;

const AT_THE_LIMIT = ' (Node.js aborts this way when its heap reaches the limit)';
const OUT_OF_MEMORY = ' (the system kills programs this way when memory runs out)';
/** Why a program may have ended by itself. A shell's exit code is 128 plus the signal's number. */
const HINTS: Readonly<Record<string, string>> = {
  SIGABRT: AT_THE_LIMIT,
  '134': AT_THE_LIMIT,
  SIGKILL: OUT_OF_MEMORY,
  '137': OUT_OF_MEMORY,
};

/** The live line: the present state of the worst process. */
export function liveText(reports: readonly Report[], ranForSeconds: number): string {
  const report = reports[0];
  const time = `leakwatch ${elapsed(ranForSeconds)}`;
  if (report === undefined) return `${time}  waiting for a Node.js program`;
  const { heap, watcher } = report;
  const several = reports.length > 1 ? [`${reports.length} processes`] : [];
  const taken = graphsOf(report).filter(({ outcome }) => outcome === 'success').length;
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
  { reports, killed }: RunReports,
  verdict: RunVerdict,
  end: Ending,
  command: string,
): string {
  const [worst, ...others] = reports;
  const lines = others.slice(0, MAX_OTHERS).map(processLine);
  if (others.length > MAX_OTHERS) lines.push(`and ${others.length - MAX_OTHERS} more processes`);
  const pids = killed.slice(0, MAX_OTHERS).join(', ');
  const killedLine = pids === '' ? [] : [`No final report, so the latest one is used: process ${pids}.`];
  const blocks = [
    worst === undefined ? [] : [renderReport(worst).trimEnd()],
    lines,
    [endText(end, command), ...killedLine, ...verdictText(verdict, reports)],
  ];
  return `\n${page(blocks)}`;
}

/** `'npm start' ended by itself after 12 s with exit code 1.` */
function endText({ code, signal, askedToEnd, ranForSeconds }: Ending, command: string): string {
  const name = `'${terminalText(command, MAX_TEXT)}'`;
  const time = `after ${formatDuration(ranForSeconds)}`;
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  if (askedToEnd) return `${name} was asked to end ${time} and ended ${how}.`;
  if (signal === null) return `${name} ended by itself ${time} ${how}${HINTS[String(code)] ?? ''}.`;
  return `${name} was ended ${how} ${time}${HINTS[signal] ?? ''}.`;
}

function verdictText(verdict: RunVerdict, reports: readonly Report[]): string[] {
  if (verdict.outcome === 'not-watched') return [`Inconclusive: ${terminalText(verdict.reason, MAX_TEXT)}.`];
  if (verdict.outcome === 'leak') {
    const { confirmed, suspected, growing } = verdict.leaks;
    const since = growing ? '' : '; it has stopped growing since';
    return [
      ...(confirmed > 0 ? [`${plural(confirmed, 'leak')} confirmed${since}.`] : []),
      ...(suspected > 0
        ? [`${plural(suspected, 'leak')} suspected; a longer run would confirm or clear this.`]
        : []),
    ];
  }
  if (verdict.shortOfSeconds !== null) {
    const ran = formatDuration(Math.max(...reports.map(watchedSeconds)));
    const needed = `about ${formatDuration(verdict.shortOfSeconds)} at the pace '${reports[0]?.watcher.pace}'`;
    return [`No leak found in ${ran}, which is too short: confirming one takes ${needed}.`];
  }
  if (!verdict.rises) return ['No leak.'];
  return ['No leak found, but the heap rises and the cause is unknown; a longer run would show it.'];
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
