import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface GroupLimits {
  readonly memoryBytes?: number;
  /** CPU quota, such as 0.5. */
  readonly cpuCores?: number;
  /** Limit on processes and threads. */
  readonly processes?: number;
}

/** Real control groups, created for the child processes of a test. */
interface TestGroup {
  readonly version: 1 | 2;
  /** Starts `program` inside the group, so that all its allocations count there. The process id is the program's. */
  spawn(program: string, args: readonly string[], options?: SpawnOptions): ChildProcess;
  /** A file of the group, such as `memory.failcnt`; null if there is none. */
  read(file: string): string | null;
  /** Writes such a file. */
  write(file: string, text: string): void;
  /** Processes that the kernel killed because the group was out of memory. */
  oomKills(): number;
  /** Kills the processes left in it and removes it. */
  destroy(): Promise<void>;
}

/** Either a group, or why this machine does not allow one. */
type TestGroupAttempt =
  | { readonly group: TestGroup; readonly reason: null }
  | { readonly group: null; readonly reason: string };

const ROOT = '/sys/fs/cgroup';
const PERIOD_US = 100_000;
let made = 0;

/**
 * Creates a group with the given limits, in the version of control groups that has the controllers. Needs root or a
 * delegated tree. Nothing on the machine changes except for the new directories, and `destroy()` removes those.
 */
export function createTestGroup(limits: GroupLimits): TestGroupAttempt {
  if (process.platform !== 'linux') return { group: null, reason: 'control groups exist on Linux only' };
  made += 1;
  const name = `leakwatch-test-${process.pid}-${made}`;
  const version = existsSync(join(ROOT, 'cgroup.controllers')) ? 2 : 1;
  const directories: string[] = [];
  const makeDirectory = (parent: string): string => {
    const directory = join(parent, name);
    mkdirSync(directory);
    directories.push(directory);
    return directory;
  };
  try {
    if (version === 2) limitVersion2(makeDirectory(ROOT), limits);
    else limitVersion1(makeDirectory, limits);
  } catch (error) {
    for (const directory of directories) rmdirSync(directory);
    const why = error instanceof Error ? error.message : String(error);
    return { group: null, reason: `no control group (version ${version}) can be created here: ${why}` };
  }
  return { group: testGroup(version, directories), reason: null };
}

function limitVersion1(makeDirectory: (parent: string) => string, limits: GroupLimits): void {
  if (limits.memoryBytes !== undefined) {
    const directory = makeDirectory(join(ROOT, 'memory'));
    writeFileSync(join(directory, 'memory.limit_in_bytes'), String(limits.memoryBytes));
    const withSwap = join(directory, 'memory.memsw.limit_in_bytes');
    if (existsSync(withSwap)) writeFileSync(withSwap, String(limits.memoryBytes));
  }
  if (limits.cpuCores !== undefined) {
    const directory = makeDirectory(join(ROOT, 'cpu'));
    writeFileSync(join(directory, 'cpu.cfs_period_us'), String(PERIOD_US));
    writeFileSync(join(directory, 'cpu.cfs_quota_us'), String(Math.round(limits.cpuCores * PERIOD_US)));
  }
  if (limits.processes !== undefined) {
    writeFileSync(join(makeDirectory(join(ROOT, 'pids')), 'pids.max'), String(limits.processes));
  }
}

/** If the root does not delegate the controllers, the files are missing, and writing them fails. */
function limitVersion2(directory: string, limits: GroupLimits): void {
  if (limits.memoryBytes !== undefined) {
    writeFileSync(join(directory, 'memory.max'), String(limits.memoryBytes), { flag: 'r+' });
    writeFileSync(join(directory, 'memory.swap.max'), '0', { flag: 'r+' });
  }
  if (limits.cpuCores !== undefined) {
    const quota = `${Math.round(limits.cpuCores * PERIOD_US)} ${PERIOD_US}`;
    writeFileSync(join(directory, 'cpu.max'), quota, { flag: 'r+' });
  }
  if (limits.processes !== undefined) {
    writeFileSync(join(directory, 'pids.max'), String(limits.processes), { flag: 'r+' });
  }
}

function testGroup(version: 1 | 2, directories: readonly string[]): TestGroup {
  const find = (file: string): string | undefined =>
    directories.map((directory) => join(directory, file)).find((path) => existsSync(path));
  const read = (file: string): string | null => {
    const path = find(file);
    return path === undefined ? null : readFileSync(path, 'utf8');
  };
  return {
    version,
    read,
    write(file, text) {
      writeFileSync(find(file) ?? '', text, { flag: 'r+' });
    },
    spawn(program, args, options = {}) {
      // The shell enters the groups and becomes the program.
      const enter = directories.map((directory) => `echo $$ > ${join(directory, 'cgroup.procs')}`);
      const script = `${enter.join(' && ')} && exec "$0" "$@"`;
      return spawn('/bin/sh', ['-c', script, program, ...args], options);
    },
    oomKills() {
      const text = read(version === 1 ? 'memory.oom_control' : 'memory.events') ?? '';
      return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
    },
    async destroy() {
      for (const directory of directories) await remove(directory);
    },
  };
}

/** A killed process leaves its group only when its memory is freed. */
async function remove(directory: string): Promise<void> {
  for (let attempts = 0; attempts < 500; attempts++) {
    const members = readFileSync(join(directory, 'cgroup.procs'), 'utf8').trim();
    for (const pid of members === '' ? [] : members.split('\n')) endMember(Number(pid));
    try {
      rmdirSync(directory);
      return;
    } catch {
      await sleep(20);
    }
  }
  throw new Error(`${directory} is never empty`);
}

function endMember(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has already ended.
  }
}
