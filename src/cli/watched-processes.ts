import type { Report } from '../report/report.js';
import { fetchReport } from './ops-client.js';
import type { RunFolder } from './run-folder.js';

/** Processes that are asked while they run; further ones are watched as well, and their final reports are read. */
const MAX_LOOKED_AT = 32;

export interface WatchedReport {
  readonly report: Report;
  /** Whether the process wrote it at its end; if not, it was killed and this is its latest report. */
  readonly final: boolean;
}

/** Reports of the processes of a run: from their sockets while they run, from their files afterwards. */
export class WatchedProcesses {
  readonly #folder: RunFolder;
  readonly #latest = new Map<number, Report>();
  readonly #gone = new Set<number>();

  constructor(folder: RunFolder) {
    this.#folder = folder;
  }

  /** Asks all running processes. Never rejects. */
  async look(): Promise<void> {
    const running = this.#folder.listening().filter((pid) => !this.#gone.has(pid));
    await Promise.all(running.slice(0, MAX_LOOKED_AT).map((pid) => this.#ask(pid)));
  }

  /** The latest report of each process that was asked, including processes that have ended. */
  get latest(): readonly Report[] {
    return [...this.#latest.values()];
  }

  /** Reports of all processes, once they have ended. */
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
    const reply = await fetchReport(this.#folder.socketOf(pid), this.#folder.token);
    if (reply.outcome === 'gone') this.#gone.add(pid);
    if (reply.outcome === 'report') this.#latest.set(reply.report.process.pid, reply.report);
  }
}
