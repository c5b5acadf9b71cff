import type { Report } from '../report/report.js';
import { fetchReport } from './ops-client.js';
import { SOCKET } from './run-files.js';
import type { RunFolder } from './run-folder.js';
import { worstFirst } from './run-verdict.js';

/** Processes that are asked while they run; further ones are watched as well, and their final reports are read. */
const MAX_LOOKED_AT = 32;

/** One report of each process of a run. */
export interface WatchedReports {
  readonly reports: readonly Report[];
  /** Process ids of those that left no report at their end: the latest one before stands in. */
  readonly killed: readonly number[];
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
    const running = this.#folder.pids(SOCKET).filter((pid) => !this.#gone.has(pid));
    await Promise.all(running.slice(0, MAX_LOOKED_AT).map((pid) => this.#ask(pid)));
  }

  /** The latest report of each process that was asked, including processes that have ended. Worst first. */
  get latest(): readonly Report[] {
    return worstFirst([...this.#latest.values()]);
  }

  /** Worst first, once all processes have ended. */
  final(): WatchedReports {
    const written = this.#folder.reports();
    const pids = new Set(written.map(({ process: { pid } }) => pid));
    const killed = this.latest.filter(({ process: { pid } }) => !pids.has(pid));
    return {
      reports: worstFirst([...written, ...killed]),
      killed: killed.map(({ process: { pid } }) => pid),
    };
  }

  async #ask(pid: number): Promise<void> {
    const reply = await fetchReport(this.#folder.socketOf(pid), this.#folder.token);
    if (reply.outcome === 'gone') this.#gone.add(pid);
    if (reply.outcome === 'report') this.#latest.set(reply.report.process.pid, reply.report);
  }
}
