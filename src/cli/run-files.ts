/** Names that `leakwatch run` and the processes it watches agree on. */

/** Variable with the folder of the run. Not one of the watcher's own, which begin with `LEAKWATCH_`. */
export const RUN_FOLDER = '_LEAKWATCH_RUN';

/** Endings of the files in that folder; each begins with the process id. */
export const SEEN = '.seen';
export const SOCKET = '.sock';
const REPORT = '.report.json';

export function reportName(pid: number): string {
  return `${pid}${REPORT}`;
}

/** `register` puts the process id of a program that a watched one started into the name once more. */
export function isReportName(name: string): boolean {
  return /^\d+\.report(\.\d+)?\.json$/.test(name);
}
