import { linkSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { terminalText } from '../report/terminal-text.js';
import { CommandError } from './command.js';

const MAX_PATH = 200;

/** Throws a `CommandError` if the file exists and may not be replaced, before long work begins. */
export function refuseExisting(file: string, force: boolean): void {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined || (force && stat.isFile())) return;
  const shown = terminalText(file, MAX_PATH);
  throw new CommandError(
    stat.isFile() ? `${shown}: the file exists; --force replaces it` : `${shown}: is not a regular file`,
  );
}

/** Writes all of the file or nothing, mode 0600: it holds names from the service. Throws a `CommandError`. */
export function writeNew(file: string, content: Uint8Array, force: boolean): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    refuseExisting(file, force);
    writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
    // A link fails if the file has appeared meanwhile; a rename would replace it.
    if (force) renameSync(temporary, file);
    else linkSync(temporary, file);
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`${terminalText(file, MAX_PATH)}: cannot be written (${code})`);
  } finally {
    rmSync(temporary, { force: true });
  }
}
