/**
 * Loaded by `--import` before `leakwatch/register` in every Node.js process below `leakwatch run`. Gives each process its
 * own report and socket, since a program may have many, nested (`npx tsx app.ts`) or side by side (a cluster).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { filesOf, RUN_FOLDER } from './run-files.js';

const folder = process.env[RUN_FOLDER];
if (folder !== undefined && isMainThread) {
  const { seen, socket, report } = filesOf(process.pid);
  try {
    writeFileSync(join(folder, seen), '');
  } catch {
    // The run is over and its folder deleted, or this process runs as another user: it gets no report either.
  }
  process.env['LEAKWATCH_REPORT'] = join(folder, report);
  if (process.env['LEAKWATCH_LISTEN'] !== undefined)
    process.env['LEAKWATCH_LISTEN'] = `unix:${join(folder, socket)}`;
}
