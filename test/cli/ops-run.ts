import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../support/eventually.js';
import { MAIN } from './command-line.js';

const GIVE_UP_MS = 120_000;

/** `leakwatch` as a process of its own that can be looked at and signalled while it runs. */
export class RunningCommand {
  readonly child: ChildProcess;
  /** The exit code, when all of its output is there. */
  readonly ended: Promise<number | null>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(([name]) => !/^_?LEAKWATCH_|^NODE_/.test(name)),
    );
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: GIVE_UP_MS,
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  async says(what: RegExp): Promise<void> {
    await eventually(`${what} in: ${this.stdout}${this.stderr}`, () => what.test(this.stdout + this.stderr));
  }
}

export interface EndedCommand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runCommand(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<EndedCommand> {
  const command = new RunningCommand(args, environment);
  const code = await command.ended;
  return { code, stdout: command.stdout, stderr: command.stderr };
}
