import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openChildUsage } from '../../src/capture/child-usage.js';
import type { GovernedChild } from '../../src/capture/governor.js';

/** Starts a program of `programs/` and waits until it says that it runs. */
export async function startProgram(name: string): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
  const child = fork(path, [], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  return child;
}

/** What a governor needs of it; signals to a process that has ended do nothing. */
export function governed(child: ChildProcess): GovernedChild {
  const usage = openChildUsage(child.pid ?? 0);
  return {
    stop: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill: () => child.kill('SIGKILL'),
    usage: () => usage?.read() ?? null,
  };
}

export interface ProcessState {
  /** One letter, such as `R` or, stopped, `T`. */
  readonly state: string;
  readonly cpuSeconds: number;
}

/** From `/proc/PID/stat`. */
export function processState(child: ChildProcess): ProcessState {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return { state: fields[0] ?? '', cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}
