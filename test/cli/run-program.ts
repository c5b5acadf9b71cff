import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { MAIN } from './command-line.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const GIVE_UP_MS = 300_000;

export function program(name: string): string {
  return join(ROOT, 'test', 'cli', 'programs', name);
}

/** `leakwatch run` with `args`, as a process of its own that can be looked at while it runs. */
export class RunProgram {
  readonly child: ChildProcess;
  /** The exit code, when all of its output is there. */
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}, cwd?: string) {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^_?LEAKWATCH_|^NODE_/.test(name)),
    );
    this.child = spawn(process.execPath, [MAIN, 'run', ...args], {
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: GIVE_UP_MS,
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** All that it has said, for whoever must find out why a test fails. */
  get said(): string {
    return `${this.stdout}\n${this.stderr}`;
  }

  /** Process ids of the programs that have said `up`, once there are `count`. */
  async up(count = 1): Promise<readonly number[]> {
    return await eventually(`${count} programs to be up`, () => {
      const pids = [...this.said.matchAll(/^up (\d+)$/gm)].map(([, pid]) => Number(pid));
      return pids.length >= count ? pids : null;
    });
  }

  /** Process ids of which the run has said that it watches them, once there are `count`. */
  async watching(count = 1): Promise<readonly number[]> {
    return await eventually(`${count} processes to be watched`, () => {
      const pids = [...this.stderr.matchAll(/^leakwatch: watching process (\d+) /gm)].map(([, pid]) =>
        Number(pid),
      );
      return pids.length >= count ? pids : null;
    });
  }

  async says(what: RegExp): Promise<void> {
    await eventually(`the output ${what}`, () => what.test(this.stdout));
  }

  async interrupt(signal: NodeJS.Signals): Promise<number | null> {
    this.child.kill(signal);
    return await this.ended;
  }
}

/** Whether the process still runs; one that is dead and that nobody has asked for its exit code does not. */
export function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return !['', 'Z', 'X'].includes(stdout.trim().slice(0, 1));
}
