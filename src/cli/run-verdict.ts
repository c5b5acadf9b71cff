import type { Finding } from '../findings/finding.js';
import { PACE_RULES, PACES, type PaceRules } from '../pace/pace.js';
import type { Report } from '../report/report.js';
import { EXIT_CODES } from './exit-codes.js';
import type { FailOn, LeakStatus } from './run-arguments.js';

interface Leak {
  readonly finding: Finding;
  readonly status: LeakStatus;
}

/** A process that was watched for less than this share of the run ranks after the others. */
const MOST_OF_THE_RUN = 0.8;
/** How much longer confirmation takes than the pace's rules require: captures and GCs take time. */
const USUAL_DELAY = 1.36;

export type RunVerdict =
  | { readonly outcome: 'leak'; readonly exitCode: number; readonly leaks: LeakCounts }
  | {
      readonly outcome: 'clean';
      readonly exitCode: number;
      /** Seconds that confirming a leak takes, if the run was shorter; else null. */
      readonly shortOfSeconds: number | null;
      /** Whether a heap grows although no holder was found. */
      readonly rises: boolean;
    }
  | { readonly outcome: 'not-watched'; readonly exitCode: number; readonly reason: string };

/** A leak counts once, even if it is in several processes. */
interface LeakCounts {
  readonly confirmed: number;
  readonly suspected: number;
  /** Whether a confirmed one has not stopped growing since. */
  readonly growing: boolean;
}

/**
 * `reports` worst first, at least one; `programFailed`: by itself, before it was asked to end. A leak is reported whatever else went wrong;
 * without one, a program that failed or was not watched is not a success.
 */
export function judgeRun(reports: readonly Report[], failOn: FailOn, programFailed: boolean): RunVerdict {
  const leaks = countLeaks(reports);
  const fails =
    failOn !== 'never' && (leaks.confirmed > 0 || (failOn === 'suspected' && leaks.suspected > 0));
  if (fails) return { outcome: 'leak', exitCode: EXIT_CODES.growth, leaks };
  const reason = programFailed ? 'the program failed' : whyNotWatched(reports);
  if (leaks.confirmed + leaks.suspected > 0) {
    return { outcome: 'leak', exitCode: reason === null ? EXIT_CODES.clean : EXIT_CODES.failed, leaks };
  }
  if (reason !== null) return { outcome: 'not-watched', exitCode: EXIT_CODES.failed, reason };
  return {
    outcome: 'clean',
    exitCode: EXIT_CODES.clean,
    shortOfSeconds: shortOfSeconds(reports),
    rises: reports.some(rises),
  };
}

/** The leaks of this run, including those that have stopped growing, in the order of the report. */
function leaksOf(report: Report): readonly Leak[] {
  return report.findings.flatMap((finding) => {
    const status = leakStatus(finding, report);
    return status === null ? [] : [{ finding, status }];
  });
}

/** The finding to show first; null if nothing leaks. */
export function worstLeak(report: Report): Leak | null {
  const leaks = leaksOf(report);
  return leaks.find(({ status }) => status === 'confirmed') ?? leaks[0] ?? null;
}

/** The finding's status in this run; null if it is muted or did not grow in this run. */
function leakStatus(finding: Finding, report: Report): LeakStatus | null {
  const sinceMs = Date.parse(report.watcher.since);
  if (finding.muted || Date.parse(finding.lastSeen) < sinceMs) return null;
  if (finding.status === 'confirmed' || finding.status === 'suspected') return finding.status;
  // It stopped growing when the load stopped, but it was confirmed.
  return finding.confirmedAt !== null && Date.parse(finding.confirmedAt) >= sinceMs ? 'confirmed' : null;
}

/** Worst leak first; without leaks the service before its helpers: longest watched, then biggest. */
export function worstFirst(reports: readonly Report[]): readonly Report[] {
  const longest = Math.max(0, ...reports.map(watchedSeconds));
  return reports
    .map((report) => ({ report, rank: rankOf(report, longest) }))
    .sort((a, b) => compareRanks(b.rank, a.rank))
    .map(({ report }) => report);
}

/** Time from the start of watching to the latest sample. */
export function watchedSeconds({ heap, watcher }: Report): number {
  return heap.at === null ? 0 : Math.max(0, (Date.parse(heap.at) - Date.parse(watcher.since)) / 1000);
}

/** How long it usually takes to confirm a leak at the report's pace, seconds. */
function usualSeconds(report: Report): number {
  const rules = rulesOf(report);
  const { confirmMs, confirmObservations } = rules.finding;
  const seriesMs = Math.max(confirmMs, (confirmObservations - 1) * rules.captureSpacingMs);
  return (USUAL_DELAY * (rules.warmUpMs + seriesMs)) / 1000;
}

function countLeaks(reports: readonly Report[]): LeakCounts {
  const ids = { confirmed: new Set<string>(), suspected: new Set<string>() };
  const leaks = reports.flatMap(leaksOf);
  for (const { finding, status } of leaks) ids[status].add(finding.id);
  const suspected = [...ids.suspected].filter((id) => !ids.confirmed.has(id));
  const growing = leaks.some(({ finding }) => finding.status === 'confirmed');
  return { confirmed: ids.confirmed.size, suspected: suspected.length, growing };
}

/** Null if at least one process was watched well enough for "no leak found" to mean something. */
function whyNotWatched(reports: readonly Report[]): string | null {
  const reasons = reports.map(whyInconclusive);
  return reasons.includes(null) ? null : reasons[0]!;
}

/** Why a report is inconclusive, or null: watching failed, or the heap rises and too little of it could be captured. */
function whyInconclusive(report: Report): string | null {
  const { watcher } = report;
  if (watcher.state === 'failed') return `watching failed: ${watcher.reason}`;
  const graphs = graphsOf(report);
  const latest = graphs.at(-1);
  if (latest?.outcome === 'success') return null;
  if (watcher.state === 'paused') return `watching was paused: ${watcher.reason}`;
  if (!rises(report) || watchedSeconds(report) < usualSeconds(report)) return null;
  const taken = graphs.filter(({ outcome }) => outcome === 'success').length;
  if (taken >= rulesOf(report).finding.confirmObservations) return null;
  const why = latest?.reason ?? (watcher.dumper === 'none' ? 'captures are off' : null);
  return `the heap rises, but too few captures of it succeeded${why === null ? '' : ` (${why})`}`;
}

/** Captures of heap graphs: probes and censuses name no holder. */
export function graphsOf({ watcher }: Report): Report['watcher']['captures'] {
  return watcher.captures.filter(({ rung }) => rung === 'sampled' || rung === 'full');
}

/** Whether the live heap grows, by the low end of its trend's interval. */
function rises({ heap }: Report): boolean {
  return heap.trend.windowMs > 0 && heap.trend.low > 0;
}

function rulesOf({ watcher }: Report): PaceRules {
  return PACE_RULES[PACES.find((pace) => pace === watcher.pace) ?? 'production'];
}

/** How long confirming takes, if even the process that was watched longest had less; else null. */
function shortOfSeconds(reports: readonly Report[]): number | null {
  const enough = reports.some((report) => watchedSeconds(report) >= usualSeconds(report));
  return enough ? null : Math.min(...reports.map(usualSeconds));
}

function rankOf(report: Report, longestSeconds: number): readonly number[] {
  const leak = worstLeak(report);
  const severity = leak === null ? 0 : leak.status === 'suspected' ? 1 : 2;
  const ofTheRun = watchedSeconds(report) >= MOST_OF_THE_RUN * longestSeconds ? 1 : 0;
  return [severity, leak?.finding.growth.bytesPerSecond ?? 0, ofTheRun, report.heap.liveBytes];
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
