/** Names that `leakwatch run` and the processes it watches agree on. */

/** Variable with the folder of the run. Not a watcher's variable: those begin with `LEAKWATCH_`. */
export const RUN_FOLDER = '_LEAKWATCH_RUN';

/** Endings of the files in that folder; each begins with the process id. */
export const SEEN = '.seen';
export const SOCKET = '.sock';
const REPORT = '.report.json';

export function reportName(pid: number): string {
  return `${pid}${REPORT}`;
}

/** `register` adds the process id to the name once more for a program that a watched program started. */
export function isReportName(name: string): boolean {
  return /^\d+\.report(\.\d+)?\.json$/.test(name);
}
