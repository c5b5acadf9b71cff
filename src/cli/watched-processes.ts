import type { Report } from '../report/report.js';
import { askForReport } from './ops-client.js';
import type { RunFolder } from './run-folder.js';

/** Processes that are looked at while they run; more are watched, and their final reports are read. */
const MAX_LOOKED_AT = 32;

export interface WatchedReport {
  readonly report: Report;
  /** Whether the process wrote it as it ended; else it is the latest one seen, for it was killed. */
  readonly final: boolean;
}

/** What is known of the processes of a run: by their sockets while they run, by the reports they leave afterwards. */
export class WatchedProcesses {
  readonly #folder: RunFolder;
  readonly #latest = new Map<number, Report>();
  readonly #gone = new Set<number>();

  constructor(folder: RunFolder) {
    this.#folder = folder;
  }

  /** Asks all that run. Never rejects. */
  async look(): Promise<void> {
    const running = this.#folder.listening().filter((pid) => !this.#gone.has(pid));
    await Promise.all(running.slice(0, MAX_LOOKED_AT).map((pid) => this.#ask(pid)));
  }

  /** The latest report of each process that was seen, those that have ended included. */
  get latest(): readonly Report[] {
    return [...this.#latest.values()];
  }

  /** Of all processes, once they have ended. */
  reports(): readonly WatchedReport[] {
    const final = this.#folder.reports();
    const written = new Set(final.map(({ process: { pid } }) => pid));
    const killed = this.latest.filter(({ process: { pid } }) => !written.has(pid));
    return [
      ...final.map((report) => ({ report, final: true })),
      ...killed.map((report) => ({ report, final: false })),
    ];
  }

  async #ask(pid: number): Promise<void> {
    const answer = await askForReport(this.#folder.socketOf(pid), this.#folder.token);
    if (answer.outcome === 'gone') this.#gone.add(pid);
    if (answer.outcome === 'report') this.#latest.set(answer.report.process.pid, answer.report);
  }
}
