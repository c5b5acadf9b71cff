import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pace } from '../pace/pace.js';
import type { Report } from '../report/report.js';
import { readReport } from './report-text.js';
import { isReportName, RUN_FOLDER, SEEN, SOCKET } from './run-files.js';

const TOKEN_BYTES = 32;
/** What the system takes of a socket's path everywhere (104 bytes on macOS), less the longest name below the folder. */
const MAX_FOLDER_BYTES = 103 - '/leakwatch-run-XXXXXX/4194304.sock'.length;
/** Final reports that are read; those of further processes are left out, as if they had not been watched. */
const MAX_PROCESSES = 256;
const MAX_REPORT_BYTES = 32 * 2 ** 20;

type Environment = Readonly<Record<string, string | undefined>>;

/** The private folder of one run (mode 0700): reports, sockets and the state of the processes that it watches. */
export class RunFolder {
  readonly path: string;
  /** For the sockets; 256 random bits. */
  readonly token = randomBytes(TOKEN_BYTES).toString('base64url');

  constructor() {
    this.path = realpathSync(mkdtempSync(join(baseDirectory(), 'leakwatch-run-')));
  }

  /** `given` with what makes every Node.js process below watch itself and report here. */
  environment(given: Environment, pace: Pace | null): Record<string, string | undefined> {
    const preload = new URL('./run-preload.js', import.meta.url).href;
    const register = new URL('../register.js', import.meta.url).href;
    const existing = given['NODE_OPTIONS'];
    // Sockets in folders are not for Windows; without one there is no live line, and all else works.
    const listen = process.platform === 'win32' ? undefined : `unix:${join(this.path, `0${SOCKET}`)}`;
    return {
      ...given,
      // An URL has no blanks or quotes, so it needs none around it. First, so that growth is seen from the start.
      NODE_OPTIONS: `--import=${preload} --import=${register}${existing === undefined ? '' : ` ${existing}`}`,
      [RUN_FOLDER]: this.path,
      LEAKWATCH_PACE: pace ?? (given['LEAKWATCH_PACE'] || 'fast'),
      // Findings are told by the run itself.
      LEAKWATCH_LOG: given['LEAKWATCH_LOG'] || 'silent',
      LEAKWATCH_STATE_DIR: given['LEAKWATCH_STATE_DIR'] || join(this.path, 'state'),
      LEAKWATCH_REPORT: join(this.path, 'report.json'),
      LEAKWATCH_LISTEN: listen,
      LEAKWATCH_TOKEN: this.token,
    };
  }

  /** Process ids of all Node.js processes that were started, watched or not. */
  seen(): readonly number[] {
    return this.#pidsOf(SEEN);
  }

  /** Those that have opened a socket, dead ones included. */
  listening(): readonly number[] {
    return this.#pidsOf(SOCKET);
  }

  socketOf(pid: number): string {
    return join(this.path, `${pid}${SOCKET}`);
  }

  /** The final reports of the processes that left one; what is no report is passed over. */
  reports(): readonly Report[] {
    return this.#names()
      .filter(isReportName)
      .slice(0, MAX_PROCESSES)
      .flatMap((name) => {
        const report = readFinalReport(join(this.path, name));
        return report === null ? [] : [report];
      });
  }

  /** Never throws; what a process that outlives the run still writes there is lost. */
  remove(): void {
    try {
      rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // In the system's directory for temporary files, where it is cleared away.
    }
  }

  #pidsOf(ending: string): readonly number[] {
    return this.#names()
      .filter((name) => name.endsWith(ending))
      .map((name) => Number(name.slice(0, -ending.length)));
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
