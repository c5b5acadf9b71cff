import { freemem } from 'node:os';
import { join } from 'node:path/posix';
import {
  findControlGroup,
  type KernelFiles,
  kernelFiles,
  type RereadFile,
  smaller,
  wholeNumber,
} from './control-group.js';

/** Memory that container and host allow the process. Bytes. */
export interface MemoryLimit {
  /** The tightest limit of the process's control groups; null if none is set. */
  readonly limitBytes: number | null;
  /** Memory that can still be allocated before a limit or the host is exhausted; null if unknown. */
  readonly availableBytes: number | null;
}

/** The host, so that tests can fake it. */
export interface MemoryLimitHost extends KernelFiles {
  readonly platform: NodeJS.Platform;
  /** Free memory of the host, bytes; used outside Linux only. */
  freeMemory(): number;
}

/** Reads the same limit many times a second. */
export interface MemoryLimitReader {
  read(): MemoryLimit;
  /** Closes the files; later readings report no usage. */
  close(): void;
}

/** Files of a control group in one version. */
interface GroupFiles {
  readonly counters: readonly { readonly limits: readonly string[]; readonly usage: string }[];
  /** Field of `memory.stat`: file pages that the kernel reclaims before it kills. */
  readonly reclaimable: string;
}

/** A limit on memory plus swap can be reached while the limit on memory is not. */
const VERSION_1: GroupFiles = {
  counters: [
    { limits: ['memory.limit_in_bytes'], usage: 'memory.usage_in_bytes' },
    { limits: ['memory.memsw.limit_in_bytes'], usage: 'memory.memsw.usage_in_bytes' },
  ],
  reclaimable: 'total_inactive_file',
};
/** Above `memory.high` nothing is killed, but the kernel throttles every allocation until the process hardly runs. */
const VERSION_2: GroupFiles = {
  counters: [{ limits: ['memory.max', 'memory.high'], usage: 'memory.current' }],
  reclaimable: 'inactive_file',
};
/** Version 1 writes "no limit" as the largest page-aligned 63-bit number; no machine has 2^60 bytes. */
const NO_LIMIT_BYTES = 2 ** 60;

/** A group with a limit, and its open files. */
interface LimitedGroup {
  readonly counters: readonly { readonly limitBytes: number; readonly usage: RereadFile | null }[];
  readonly stat: RereadFile | null;
  readonly reclaimable: string;
}

const systemHost: MemoryLimitHost = { ...kernelFiles, platform: process.platform, freeMemory: freemem };

/**
 * Reads memory limit and available memory: from the process's control groups and their parents (the smallest wins), and
 * from the host's `MemAvailable`. As in Kubernetes' working set, `inactive_file` counts as available: the kernel
 * reclaims this page cache before it kills anything. Swap never counts as available. Outside Linux: no limit, free host
 * memory. Took 150 to 180 µs.
 */
export function readMemoryLimit(host: MemoryLimitHost = systemHost): MemoryLimit {
  const reader = createMemoryLimitReader(host);
  try {
    return reader.read();
  } finally {
    reader.close();
  }
}

/**
 * The same for many readings a second: finds the groups and their limits once and keeps the files open, so a reading
 * needs no descriptor, which a service that leaks them may not have. A reading took 17 µs with one limited group,
 * against 180 µs. It does not notice limits changed later or a move to another group: create one for each capture.
 */
export function createMemoryLimitReader(host: MemoryLimitHost = systemHost): MemoryLimitReader {
  if (host.platform !== 'linux') {
    return { read: () => ({ limitBytes: null, availableBytes: host.freeMemory() }), close: () => {} };
  }
  const meminfo = host.open('/proc/meminfo');
  const groups = limitedGroups(host);
  const limits = groups.flatMap(({ counters }) => counters.map(({ limitBytes }) => limitBytes));
  const limitBytes = limits.length === 0 ? null : Math.min(...limits);
  return {
    read: () => ({
      limitBytes,
      availableBytes: groups.map(availableIn).reduce(smaller, hostAvailable(meminfo?.read() ?? '')),
    }),
    close() {
      meminfo?.close();
      for (const { counters, stat } of groups) {
        stat?.close();
        for (const { usage } of counters) usage?.close();
      }
    },
  };
}

function limitedGroups(host: MemoryLimitHost): LimitedGroup[] {
  const group = findControlGroup(host, 'memory');
  if (group === null) return [];
  const files = group.version === 1 ? VERSION_1 : VERSION_2;
  const limited: LimitedGroup[] = [];
  for (const directory of group.directories) {
    const counters = files.counters.flatMap(({ limits, usage }) => {
      const limitBytes = limitAt(host, directory, limits);
      return limitBytes === null ? [] : [{ limitBytes, usage: host.open(join(directory, usage)) }];
    });
    if (counters.length === 0) continue;
    limited.push({
      counters,
      stat: host.open(join(directory, 'memory.stat')),
      reclaimable: files.reclaimable,
    });
  }
  return limited;
}

function limitAt(host: MemoryLimitHost, directory: string, names: readonly string[]): number | null {
  return names
    .map((name) => wholeNumber(host.readFile(join(directory, name))))
    .filter((bytes) => bytes !== null && bytes < NO_LIMIT_BYTES)
    .reduce(smaller, null);
}

function availableIn({ counters, stat, reclaimable }: LimitedGroup): number | null {
  const givenBack = field(stat?.read() ?? '', reclaimable) ?? 0;
  let availableBytes: number | null = null;
  for (const { limitBytes, usage } of counters) {
    const used = wholeNumber(usage?.read());
    if (used === null) continue;
    availableBytes = smaller(availableBytes, Math.max(0, limitBytes - Math.max(0, used - givenBack)));
  }
  return availableBytes;
}

function hostAvailable(meminfo: string): number | null {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo)?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

/** Lines are `name value`. */
function field(text: string, name: string): number | null {
  const lines = `\n${text}`;
  const at = lines.indexOf(`\n${name} `);
  if (at < 0) return null;
  const from = at + name.length + 2;
  const to = lines.indexOf('\n', from);
  return wholeNumber(lines.slice(from, to < 0 ? undefined : to));
}
