import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Root of the checkout, wherever the tests were built to. */
export const PACKAGE_ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));

/** Value for a test's `skip`: a reason when `program` is not installed. */
export function skipWithout(program: 'promtool' | 'prometheus'): string | false {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined ? false : `${program} is not installed (Debian package: prometheus)`;
}

export interface ToolResult {
  readonly status: number | null;
  /** stdout and stderr. */
  readonly output: string;
}

export function promtool(args: readonly string[], input = ''): ToolResult {
  const result = spawnSync('promtool', args, { input, encoding: 'utf8', timeout: 60_000 });
  if (result.error !== undefined) throw result.error;
  return { status: result.status, output: result.stdout + result.stderr };
}
