import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from './eventually.js';

const REGISTER = new URL('../../src/register.js', import.meta.url).href;
const PROGRAMS = new URL('../../../test/integration/programs/', import.meta.url);

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that knows nothing of leakwatch, run with `node --import leakwatch/register`. */
export class WatchedProgram {
  readonly child: ChildProcess;
  readonly ended: Promise<Ending>;
  stdout = '';
  stderr = '';

  constructor(
    file: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    nodeOptions: readonly string[] = [],
    watched = true,
    descriptors = 4096,
  ) {
    const path = isAbsolute(file) ? file : fileURLToPath(new URL(file, PROGRAMS));
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !name.startsWith('LEAKWATCH_') && !name.startsWith('NODE_'),
      ),
    );
    // The shell sets a hard limit: Node raises a soft one as far as it may.
    this.child = spawn(
      '/bin/sh',
      [
        '-c',
        `ulimit -n ${descriptors} && exec "$0" "$@"`,
        process.execPath,
        ...nodeOptions,
        ...(watched ? ['--import', REGISTER] : []),
        path,
        ...args,
      ],
      {
        env: { ...inherited, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.child.stdout?.on('data', (text) => {
      this.stdout += String(text);
    });
    this.child.stderr?.on('data', (text) => {
      this.stderr += String(text);
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** The address that the watcher printed for `listen` with port 0. */
  async opsAddress(): Promise<string> {
    return await eventually('the printed address', () => /listening on (\S+)/.exec(this.stderr)?.[1]);
  }

  async running(): Promise<void> {
    await eventually('the program', () => this.stdout.includes('running'));
  }

  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ending> {
    this.child.kill(signal);
    return await this.ended;
  }
}
