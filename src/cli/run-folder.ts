import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueToken } from '../options/tokens.js';
import type { Pace } from '../pace/pace.js';
import type { Report } from '../report/report.js';
import { MIB } from '../runtime/units.js';
import { readReport } from './report-text.js';
import { isReportName, RUN_FOLDER, SOCKET } from './run-files.js';

/** The longest socket path that every system accepts (104 bytes on macOS), less the longest name below the folder. */
const MAX_FOLDER_BYTES = 103 - '/leakwatch-run-XXXXXX/4194304.sock'.length;
/** Final reports that are read; further processes are ignored, as if they had not been watched. */
const MAX_PROCESSES = 256;
const MAX_REPORT_BYTES = 32 * MIB;

type Environment = Readonly<Record<string, string | undefined>>;

/** The private folder of one run (mode 0700): reports, sockets and the state of the processes that it watches. */
export class RunFolder {
  readonly path: string;
  /** For the sockets. */
  readonly token = issueToken();

  constructor() {
    this.path = realpathSync(mkdtempSync(join(baseDirectory(), 'leakwatch-run-')));
  }

  /** `given`, plus the variables that make every Node.js process below watch itself and report here. */
  environment(given: Environment, pace: Pace | null): Record<string, string | undefined> {
    const preload = new URL('./run-preload.js', import.meta.url).href;
    const register = new URL('../register.js', import.meta.url).href;
    const existing = given['NODE_OPTIONS'];
    // Windows has no sockets in folders; without one only the live line is missing.
    const listen = process.platform === 'win32' ? undefined : `unix:${join(this.path, `0${SOCKET}`)}`;
    return {
      ...given,
      // A URL contains no blanks or quotes, so it needs no quotes. First, so that growth is measured from the start.
      NODE_OPTIONS: `--import=${preload} --import=${register}${existing === undefined ? '' : ` ${existing}`}`,
      [RUN_FOLDER]: this.path,
      LEAKWATCH_PACE: pace ?? (given['LEAKWATCH_PACE'] || 'fast'),
      // The run itself prints findings.
      LEAKWATCH_LOG: given['LEAKWATCH_LOG'] || 'silent',
      LEAKWATCH_STATE_DIR: given['LEAKWATCH_STATE_DIR'] || join(this.path, 'state'),
      LEAKWATCH_REPORT: join(this.path, 'report.json'),
      LEAKWATCH_LISTEN: listen,
      LEAKWATCH_TOKEN: this.token,
    };
  }

  /**
   * Process ids from names with this ending: `SEEN` for all Node.js processes that started, watched or not, `SOCKET` for
   * those that opened a socket, including processes that have ended.
   */
  pids(ending: string): readonly number[] {
    return this.#names()
      .filter((name) => name.endsWith(ending))
      .map((name) => Number(name.slice(0, -ending.length)));
  }

  socketOf(pid: number): string {
    return join(this.path, `${pid}${SOCKET}`);
  }

  /** The final reports that processes left; other files are ignored. */
  reports(): readonly Report[] {
    return this.#names()
      .filter(isReportName)
      .slice(0, MAX_PROCESSES)
      .map((name) => readFinalReport(join(this.path, name)))
      .filter((report) => report !== null);
  }

  /** Never throws. Whatever a process that outlives the run still writes there is lost. */
  remove(): void {
    try {
      rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // The system clears its directory for temporary files.
    }
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.path);
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
