import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueToken } from '../options/tokens.js';
import type { Pace } from '../pace/pace.js';
import type { Report } from '../report/report.js';
import { MIB } from '../runtime/units.js';
import { fetchReport, readReport } from './ops-client.js';
import { FILES, filesOf, RUN_FOLDER } from './run-files.js';
import { worstFirst } from './run-verdict.js';

/** The longest socket path that every system accepts (104 bytes on macOS), less the longest name below the folder. */
const MAX_FOLDER_BYTES = 103 - '/leakwatch-run-XXXXXX/4194304.sock'.length;
/** Final reports that are read; further processes are ignored, as if they had not been watched. */
const MAX_PROCESSES = 256;
/** Processes that are asked while they run; further ones are watched as well, and their final reports are read. */
const MAX_LOOKED_AT = 32;
const MAX_REPORT_BYTES = 32 * MIB;

/** One report of each process of a run, worst first. */
export interface RunReports {
  readonly reports: readonly Report[];
  /** Process ids of those that left no final report: their latest report is used. */
  readonly killed: readonly number[];
}

/**
 * The private folder of one run (mode 0700), where the processes that it watches leave their sockets, while they run, and
 * their reports, when they end.
 */
export class RunFolder {
  readonly #path = realpathSync(mkdtempSync(join(baseDirectory(), 'leakwatch-run-')));
  /** For the sockets. */
  readonly #token = issueToken();
  readonly #latest = new Map<number, Report>();
  readonly #gone = new Set<string>();

  /** `given`, plus the variables that make every Node.js process below watch itself and report here. */
  environment(given: NodeJS.ProcessEnv, pace: Pace | null): NodeJS.ProcessEnv {
    const preload = new URL('./run-preload.js', import.meta.url).href;
    const register = new URL('../register.js', import.meta.url).href;
    const existing = given['NODE_OPTIONS'];
    // Windows has no sockets in folders; without one only the live line is missing.
    const listen = process.platform === 'win32' ? undefined : `unix:${join(this.#path, filesOf(0).socket)}`;
    return {
      ...given,
      // A URL contains no blanks or quotes, so it needs no quotes. First, so that growth is measured from the start.
      NODE_OPTIONS: `--import=${preload} --import=${register}${existing === undefined ? '' : ` ${existing}`}`,
      [RUN_FOLDER]: this.#path,
      LEAKWATCH_PACE: pace ?? (given['LEAKWATCH_PACE'] || 'fast'),
      // The run itself prints findings.
      LEAKWATCH_LOG: given['LEAKWATCH_LOG'] || 'silent',
      LEAKWATCH_STATE_DIR: given['LEAKWATCH_STATE_DIR'] || join(this.#path, 'state'),
      LEAKWATCH_REPORT: join(this.#path, 'report.json'),
      LEAKWATCH_LISTEN: listen,
      LEAKWATCH_TOKEN: this.#token,
      // A socket has no TLS.
      LEAKWATCH_TLS_KEY: undefined,
      LEAKWATCH_TLS_CERT: undefined,
      LEAKWATCH_TLS_CA: undefined,
      LEAKWATCH_TLS_REQUEST_CERT: undefined,
    };
  }

  /** How many Node.js processes started, watched or not. */
  get started(): number {
    return this.#names(FILES.seen).length;
  }

  /** Asks all running processes for their reports. Never rejects. */
  async look(): Promise<void> {
    const running = this.#names(FILES.socket).filter((name) => !this.#gone.has(name));
    await Promise.all(running.slice(0, MAX_LOOKED_AT).map((name) => this.#ask(name)));
  }

  /** The latest report of each process that was asked, including processes that have ended. Worst first. */
  get latest(): readonly Report[] {
    return worstFirst([...this.#latest.values()]);
  }

  /** Once all processes have ended. */
  finalReports(): RunReports {
    const written = this.#names(FILES.report)
      .slice(0, MAX_PROCESSES)
      .map((name) => readFinalReport(join(this.#path, name)))
      .filter((report) => report !== null);
    const pids = new Set(written.map(({ process: { pid } }) => pid));
    const killed = this.latest.filter(({ process: { pid } }) => !pids.has(pid));
    return {
      reports: worstFirst([...written, ...killed]),
      killed: killed.map(({ process: { pid } }) => pid),
    };
  }

  /** Never throws. Whatever a process that outlives the run still writes there is lost. */
  remove(): void {
    try {
      rmSync(this.#path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The system clears its directory for temporary files.
    }
  }

  async #ask(socket: string): Promise<void> {
    const reply = await fetchReport(join(this.#path, socket), this.#token);
    if (reply === 'gone') this.#gone.add(socket);
    else if (reply !== 'later') this.#latest.set(reply.process.pid, reply);
  }

  #names(pattern: RegExp): readonly string[] {
    try {
      return readdirSync(this.#path).filter((name) => pattern.test(name));
    } catch {
      return [];
    }
  }
}

function baseDirectory(): string {
  const temporary = tmpdir();
  const tooLong = process.platform !== 'win32' && Buffer.byteLength(temporary) > MAX_FOLDER_BYTES;
  return tooLong ? '/tmp' : temporary;
}

function readFinalReport(path: string): Report | null {
  try {
    if (statSync(path).size > MAX_REPORT_BYTES) return null;
    return readReport(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
