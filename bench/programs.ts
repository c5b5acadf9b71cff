import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const STDIO: StdioOptions = ['ignore', 'pipe', 'inherit', 'ipc'];

/** Starts a program of this folder without environment variables that would influence Node or a watcher. */
export function startProgram(
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): ChildProcess {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(NODE_|LEAKWATCH_)/.test(name));
  const path = fileURLToPath(new URL(file, import.meta.url));
  return spawn(process.execPath, [...nodeOptions, path, ...args], {
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: STDIO,
  });
}

/** The first line that `child` prints; rejects if it ends without one. */
export async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as Readable });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a program of the benchmark ended with code ${code} and printed nothing`);
  });
  const line = once(lines, 'line').then(([text]) => String(text));
  ended.catch(() => {});
  return await Promise.race([line, ended]);
}

export async function endProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
