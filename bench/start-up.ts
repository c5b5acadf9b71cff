/**
 * Time from spawning a program to its first line, with and without `--import leakwatch/register`.
 * `node start-up.js [--pairs 15]`; `overhead.js` runs it too.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { issueToken } from '../src/index.js';
import { endProgram, firstLine, startProgram } from './programs.js';
import { median, spread } from './statistics.js';

export interface StartUpResult {
  readonly program: string;
  readonly pairs: number;
  /** Medians, milliseconds. */
  readonly unwatchedMs: number;
  readonly watchedMs: number;
  /** Watched minus unwatched, for each pair, milliseconds. */
  readonly differencesMs: readonly number[];
}

export const START_UP_PAIRS = 15;

const REGISTER = new URL('../src/register.js', import.meta.url).href;
const PROGRAMS = [
  { program: 'an empty program, to its first line', file: 'first-line.js', args: [] },
  {
    program: 'an Express service, to the moment it listens',
    file: 'service.js',
    args: ['json', 'unwatched'],
  },
] as const;

/** `token`: also opens the watcher's listener, as in production. */
export async function measureStartUp(pairs: number, token: string): Promise<StartUpResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'leakwatch-bench-'));
  const environment = {
    LEAKWATCH_TOKEN: token,
    // A fixed port could be taken, and port 0 would be announced on stderr each time.
    LEAKWATCH_LISTEN: `unix:${join(folder, 'ops.sock')}`,
    LEAKWATCH_STATE_DIR: join(folder, 'state'),
  };
  try {
    const results: StartUpResult[] = [];
    for (const { program, file, args } of PROGRAMS) {
      const start = (watched: boolean) =>
        timeToFirstLine(file, args, watched ? environment : {}, watched ? ['--import', REGISTER] : []);
      results.push({ program, ...(await alternate(pairs, start)) });
    }
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function alternate(
  pairs: number,
  start: (watched: boolean) => Promise<number>,
): Promise<Omit<StartUpResult, 'program'>> {
  // The first start of each program reads files that later ones find in the page cache.
  await start(true);
  await start(false);
  const watched: number[] = [];
  const unwatched: number[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const watchedFirst = pair % 2 === 0;
    for (const isWatched of [watchedFirst, !watchedFirst]) {
      (isWatched ? watched : unwatched).push(await start(isWatched));
    }
  }
  return {
    pairs,
    unwatchedMs: median(unwatched),
    watchedMs: median(watched),
    differencesMs: watched.map((time, pair) => time - unwatched[pair]!),
  };
}

async function timeToFirstLine(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  nodeOptions: readonly string[],
): Promise<number> {
  const from = performance.now();
  const child = startProgram(file, args, environment, nodeOptions);
  await firstLine(child);
  const time = performance.now() - from;
  await endProgram(child);
  return time;
}

export function startUpLine({ program, unwatchedMs, watchedMs, differencesMs }: StartUpResult): string {
  const times = `${unwatchedMs.toFixed(0)} ms unwatched, ${watchedMs.toFixed(0)} ms watched`;
  return `start-up  ${program}: ${times}, difference ${spread(differencesMs, 0)} ms`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { pairs: { type: 'string', default: String(START_UP_PAIRS) } } });
  const token = issueToken();
  for (const result of await measureStartUp(Number(values.pairs), token)) console.log(startUpLine(result));
}
