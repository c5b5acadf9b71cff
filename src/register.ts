import { join, parse } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { LeakwatchError } from './errors.js';
import type { Options } from './options/options.js';
import { beginRegistration } from './registration.js';
import { pause, systemClock } from './runtime/clock.js';
import { writeToStderr } from './runtime/logger.js';
import { say } from './runtime/say.js';

/** Set by a watched program for the programs it starts. */
const PARENT = '_LEAKWATCH_PARENT';
/** With NODE_OPTIONS, `npm start` would be watched too, and take the port and the report of the program it starts. */
const PACKAGE_MANAGER = /^(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)(-cli)?$/;

/**
 * `node --import leakwatch/register app.js`: watches any program, configured by `LEAKWATCH_*` variables. If they are
 * wrong, the program runs unwatched, after one line on stderr. Workers inherit `--import` and would compete for the
 * listener: only the main thread is watched.
 *
 * The watcher takes 100 ms to load, so the program starts first. A final report is due however early the program ends:
 * then the watcher starts first.
 */
if (isMainThread && !PACKAGE_MANAGER.test(parse(process.argv[1] ?? '').name)) {
  const isChild = process.env[PARENT] !== undefined;
  process.env[PARENT] = String(process.pid);
  if (process.env['LEAKWATCH_REPORT'] === undefined) {
    beginRegistration(pause(0).then(() => begin(isChild)));
  } else {
    await begin(isChild);
  }
}

async function begin(isChild: boolean): Promise<void> {
  try {
    const [{ LeakWatcher }, { optionsFromEnvironment }, { resolveOptions }] = await Promise.all([
      import('./watcher.js'),
      import('./options/environment.js'),
      import('./options/resolve-options.js'),
    ]);
    const options = withOwnReport(optionsFromEnvironment(process.env), isChild);
    const watcher = LeakWatcher.begin(resolveOptions(options), 'register');
    // Express and prom-client load slowly as well.
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
function withOwnReport(options: Options, isChild: boolean): Options {
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
