import { accessSync, constants, lstatSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { renderJson } from '../report/json.js';
import type { Report } from '../report/report.js';

/** The name that stands for standard output. */
export const STDOUT = '-';

/**
 * Why a report cannot be written to `file`, or null; checked before a long run. Deletes an old report, so that a file
 * found afterwards is from this run.
 */
export function refuseReportFile(file: string): string | null {
  if (file === STDOUT) return null;
  try {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return `'${file}' is a directory, so no report can be written there`;
    if (stat !== undefined) accessSync(file, constants.W_OK);
    if (stat === undefined || stat.isFile()) {
      accessSync(dirname(resolve(file)), constants.W_OK);
      rmSync(file, { force: true });
    }
    return null;
  } catch (error) {
    return `the report cannot be written to '${file}' (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** The first of `reports` (worst first, at least one), with the others in its member `processes` if there are any. */
export function reportDocument([worst, ...others]: readonly Report[]): string {
  return `${renderJson(others.length === 0 ? worst : { ...worst, processes: others })}\n`;
}

/** Returns why it failed, or null. */
export function writeReportFile(file: string, document: string): string | null {
  try {
    writeFileSync(file, document);
    return null;
  } catch (error) {
    return `the report could not be written to '${file}' (${(error as NodeJS.ErrnoException).code})`;
  }
}
