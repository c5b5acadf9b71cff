import { join, parse } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { LeakwatchError } from './errors.js';
import { optionsFromEnvironment } from './options/environment.js';
import type { Options } from './options/options.js';
import { resolveOptions } from './options/resolve-options.js';
import { systemClock } from './runtime/clock.js';
import { writeToStderr } from './runtime/logger.js';
import { say } from './runtime/say.js';
import { LeakWatcher } from './watcher.js';

/** Set by a watched program for the programs it starts. */
const PARENT = '_LEAKWATCH_PARENT';
/** With NODE_OPTIONS, `npm start` would be watched too, and take the port and the report of the program it starts. */
const PACKAGE_MANAGER = /^(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(-cli)?$/;

/**
 * `node --import leakwatch/register app.js`: watches any program, configured by `LEAKWATCH_*` variables. If they are
 * wrong, the program runs unwatched, after one line on stderr. Workers inherit `--import` and would compete for the
 * listener: only the main thread is watched.
 */
if (isMainThread && !PACKAGE_MANAGER.test(parse(process.argv[1] ?? '').name)) {
  try {
    const watcher = LeakWatcher.begin(
      resolveOptions(withOwnReport(optionsFromEnvironment(process.env))),
      'register',
    );
    // Express and prom-client load slowly, so the program starts first.
    systemClock.after(0, () => {
      // In a cluster one process gets the port; the others still log and report findings.
      const refused = (reason: unknown) => write(say`watching, without a listener: ${words(reason)}`);
      watcher.open(refused).catch(async (error: unknown) => {
        await watcher.stop();
        giveUp(error);
      });
    });
  } catch (error) {
    giveUp(error);
  }
}

/** Programs that this one starts inherit its variables but must not replace its report, so theirs has their pid in its name. */
function withOwnReport(options: Options): Options {
  const isChild = process.env[PARENT] !== undefined;
  process.env[PARENT] = String(process.pid);
  if (options.report === undefined || !isChild) return options;
  const { dir, name, ext } = parse(options.report);
  return { ...options, report: join(dir, `${name}.${process.pid}${ext}`) };
}

function giveUp(error: unknown): void {
  write(say`not watching: ${words(error)}`);
}

function words(error: unknown): string {
  return error instanceof LeakwatchError ? `${error.message} (${error.code})` : String(error);
}

function write(line: string): void {
  writeToStderr(`leakwatch: ${line.replaceAll('\n', ' ')}\n`);
}
