import type { Finding } from '../findings/finding.js';
import type { Report } from '../report/report.js';
import { formatDuration } from '../runtime/units.js';
import type { LiveLine } from './live-line.js';
import type { LeakStatus } from './run-arguments.js';
import { elapsed, liveText } from './run-text.js';
import { worstLeak } from './run-verdict.js';

/** When the view says that nothing is watched yet. */
const SILENCE_SECONDS = 10;
/** Dumper → how it captures. */
const CAPTURES: Readonly<Record<string, string>> = {
  fork: 'captures in a forked copy',
  inline: 'captures pause the process',
  none: 'no captures',
};
/** Processes that are announced; the summary lists further ones. */
const MAX_ANNOUNCED = 20;
/** Findings whose status is followed; the summary lists further ones. */
const MAX_FOLLOWED = 1000;

/** The output while the program runs: a live line on a terminal, and a line at each change of a finding's status. */
export class RunView {
  readonly #line: LiveLine;
  readonly #announced = new Set<number>();
  readonly #statuses = new Map<string, Finding['status']>();
  #saidSilence = false;

  constructor(line: LiveLine) {
    this.#line = line;
  }

  started(command: string, forMs: number | null): void {
    const time = forMs === null ? 'until it ends' : `for ${formatDuration(forMs / 1000)}`;
    this.#line.say(`running '${command}' ${time}`);
  }

  /** `reports` worst first. Returns the worst status. */
  update(reports: readonly Report[], ranForSeconds: number): LeakStatus | null {
    for (const report of reports) {
      this.#announce(report);
      for (const finding of report.findings) this.#follow(finding, report, ranForSeconds);
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

  #follow(finding: Finding, { process: { pid } }: Report, ranForSeconds: number): void {
    const key = `${pid} ${finding.id}`;
    if (finding.muted || this.#statuses.get(key) === finding.status) return;
    if (!this.#statuses.has(key) && this.#statuses.size >= MAX_FOLLOWED) return;
    this.#statuses.set(key, finding.status);
    this.#line.say(`${elapsed(ranForSeconds)} ${finding.status}: ${finding.title} (process ${pid})`);
  }
}
