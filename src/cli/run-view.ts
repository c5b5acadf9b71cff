import type { Finding } from '../findings/finding.js';
import type { Report } from '../report/report.js';
import { formatDuration } from '../runtime/units.js';
import type { LiveLine } from './live-line.js';
import { elapsed, liveText } from './run-text.js';
import { type LeakStatus, worstLeak } from './run-verdict.js';

/** When it is said that nothing is watched yet. */
const SILENCE_SECONDS = 10;
/** How captures are taken, by dumper. */
const CAPTURES: Readonly<Record<string, string>> = {
  fork: 'captures in a forked copy',
  inline: 'captures stop it',
  none: 'nothing can be captured',
};
/** Processes that are announced; of a program that starts more, the summary has them. */
const MAX_ANNOUNCED = 20;
/** Findings whose latest status is remembered; of further ones changes are not told, and the summary has them. */
const MAX_TOLD = 1000;

/** What a person sees while the program runs: a live line on a terminal, and everywhere a line when a finding changes. */
export class RunView {
  readonly #line: LiveLine;
  readonly #announced = new Set<number>();
  readonly #told = new Map<string, Finding['status']>();
  #saidSilence = false;

  constructor(line: LiveLine) {
    this.#line = line;
  }

  started(command: string, forMs: number | null): void {
    const time = forMs === null ? 'until it ends' : `for ${formatDuration(forMs / 1000)}`;
    this.#line.say(`running '${command}' ${time}`);
  }

  /** `reports` worst first. Returns the worst that is known. */
  update(reports: readonly Report[], ranForSeconds: number): LeakStatus | null {
    for (const report of reports) {
      this.#announce(report);
      for (const finding of report.findings) this.#tell(finding, report, ranForSeconds);
    }
    if (reports.length === 0 && ranForSeconds >= SILENCE_SECONDS && !this.#saidSilence) {
      this.#saidSilence = true;
      this.#line.say('no Node.js program is watched yet');
    }
    this.#line.draw(liveText(reports, ranForSeconds));
    const worst = reports[0] === undefined ? null : worstLeak(reports[0]);
    return worst?.status ?? null;
  }

  close(): void {
    this.#line.clear();
  }

  #announce({ process: { pid, nodeVersion }, watcher: { dumper, pace } }: Report): void {
    if (this.#announced.has(pid) || this.#announced.size >= MAX_ANNOUNCED) return;
    this.#announced.add(pid);
    this.#line.say(
      `watching process ${pid} at the pace '${pace}' (Node ${nodeVersion}, ${CAPTURES[dumper] ?? dumper})`,
    );
  }

  #tell(finding: Finding, { process: { pid } }: Report, ranForSeconds: number): void {
    const key = `${pid} ${finding.id}`;
    if (finding.muted || this.#told.get(key) === finding.status) return;
    if (!this.#told.has(key) && this.#told.size >= MAX_TOLD) return;
    this.#told.set(key, finding.status);
    this.#line.say(`${elapsed(ranForSeconds)} ${finding.status}: ${finding.title} (process ${pid})`);
  }
}
