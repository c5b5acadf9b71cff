import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CHILD_EXIT,
  type ChildEnd,
  type ChildWords,
  type ForkedChild,
  loadBinding,
  type NativeBinding,
} from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';

/** A child meets a worker thread in the midst of something in a few of a hundred forks. */
const MAX_TRIES = 20;
/** A program that does not end by itself within this time has hung. */
const HUNG_MS = 120_000;

const choice = loadBinding();

/** For `skip`: false, or why nothing can be forked here. */
export const unavailable: string | false = choice.reason ?? false;

export function binding(): NativeBinding {
  assert.ok(choice.binding, choice.reason ?? '');
  return choice.binding;
}

export interface JobLimits {
  readonly allotmentBytes?: number;
  readonly limitMs?: number;
}

export interface StartedJob {
  readonly child: ForkedChild;
  /** Everything the child writes. */
  readonly output: Promise<Buffer>;
  readonly end: Promise<ChildEnd>;
}

/** Forks once; `job` is given the descriptor that stays open. */
export async function startJob(job: (output: number) => void, limits: JobLimits = {}): Promise<StartedJob> {
  const mappings = await binding().scan();
  const { readFd, writeFd } = binding().pipe();
  const options = {
    mappings,
    output: writeFd,
    allotmentBytes: limits.allotmentBytes ?? 0,
    limitMs: limits.limitMs ?? HUNG_MS,
    niceness: 19,
  };
  try {
    const child = binding().fork(options, () => job(writeFd));
    return { child, output: readAll(readFd), end: ended(child.pid) };
  } catch (error) {
    binding().close(readFd);
    throw error;
  } finally {
    binding().close(writeFd);
  }
}

export interface FinishedJob {
  readonly child: ForkedChild;
  readonly output: string;
  readonly end: ChildEnd;
  readonly words: ChildWords;
}

/** Forks until a child has not met a busy worker thread, and waits for its end. */
export async function runJob(job: (output: number) => void, limits: JobLimits = {}): Promise<FinishedJob> {
  for (let tries = 1; ; tries++) {
    const started = await startJob(job, limits);
    const [output, end] = await Promise.all([started.output, started.end]);
    if (end.exitCode === CHILD_EXIT.waited && tries < MAX_TRIES) continue;
    return {
      child: started.child,
      output: output.toString(),
      end,
      words: binding().words(started.child.page),
    };
  }
}

async function readAll(readFd: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream('', { fd: readFd })) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function ended(pid: number): Promise<ChildEnd> {
  return eventually(`child ${pid} ends`, () => binding().wait(pid), HUNG_MS);
}

export const SERVICE = fileURLToPath(new URL('./programs/service.js', import.meta.url));

/** Runs programs/service in the situation of that name until it ends by itself; returns the JSON it printed. */
export async function runService(
  situation: string,
  { flags = [], cwd = '.' }: { readonly flags?: readonly string[]; readonly cwd?: string } = {},
): Promise<unknown> {
  // As many bytes of core as anybody may have.
  const command = 'ulimit -S -c "$(ulimit -H -c)" && exec "$0" "$@"';
  const { stdout } = await promisify(execFile)(
    'sh',
    ['-c', command, process.execPath, ...flags, SERVICE, situation],
    { timeout: HUNG_MS, cwd },
  );
  return JSON.parse(stdout);
}

/** Descriptors of this process, without the one that reads them. */
export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length - 1;
}

/** Children of this thread that are running or have not been waited for. */
export function childrenLeft(): string[] {
  return readFileSync('/proc/thread-self/children', 'utf8').split(' ').filter(Boolean);
}

/** Bytes of private anonymous memory that children are, and are not, to inherit. */
export function inheritance(): { readonly inherited: number; readonly kept: number } {
  let [inherited, kept, bytes] = [0, 0, 0];
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const mapping = /^([0-9a-f]+)-([0-9a-f]+) ...(.) \S+ \S+ 0 *$/.exec(line);
    if (mapping) bytes = Number.parseInt(mapping[2]!, 16) - Number.parseInt(mapping[1]!, 16);
    else if (/^[0-9a-f]/.test(line)) bytes = 0;
    if (!line.startsWith('VmFlags:')) continue;
    if (line.includes(' dc')) kept += bytes;
    else inherited += bytes;
  }
  return { inherited, kept };
}
