import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A program that does not end by itself within this time has hung. */
const HUNG_MS = 120_000;

/** Runs a program of `programs/` with `gc()` exposed until it ends by itself; returns the JSON it printed. */
export async function runProgram(name: string, flags: readonly string[] = []): Promise<unknown> {
  const path = fileURLToPath(new URL(`./programs/${name}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', ...flags, path], {
    timeout: HUNG_MS,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout);
}
