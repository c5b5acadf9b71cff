import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, join, normalize } from 'node:path/posix';

/** What the surroundings of the process allow it. Bytes. */
export interface MemoryLimit {
  /** The tightest limit of the process's control groups; null when none is set. */
  readonly limitBytes: number | null;
  /** What can still be allocated before a limit or the host is exhausted; null when unknown. */
  readonly availableBytes: number | null;
}

/** The surroundings, so that tests can draw them. */
export interface MemoryLimitHost {
  readonly platform: NodeJS.Platform;
  /** Content of a file, or null when it cannot be read. */
  readFile(path: string): string | null;
  /** Free memory of the host, bytes; asked outside Linux only. */
  freeMemory(): number;
}

/** Files of a control group, version by version. */
interface GroupFiles {
  readonly root: string;
  readonly limits: readonly string[];
  readonly usage: string;
  /** Field of `memory.stat`: file pages that the kernel takes back before it kills. */
  readonly reclaimable: string;
}

const VERSION_1: GroupFiles = {
  root: '/sys/fs/cgroup/memory',
  limits: ['memory.limit_in_bytes'],
  usage: 'memory.usage_in_bytes',
  reclaimable: 'total_inactive_file',
};
const VERSION_2: GroupFiles = {
  root: '/sys/fs/cgroup',
  limits: ['memory.max', 'memory.high'],
  usage: 'memory.current',
  reclaimable: 'inactive_file',
};
/** Version 1 writes "no limit" as the largest page-aligned number of 63 bits; no machine has 2^60 bytes. */
const NO_LIMIT_BYTES = 2 ** 60;
/** Depth of groups walked; deeper ones are not seen. */
const MAX_DEPTH = 32;

const systemHost: MemoryLimitHost = { platform: process.platform, readFile, freeMemory: freemem };

/**
 * Reads limit and rest of memory: the control groups of the process, each with its parents (the smallest wins), and
 * the host's `MemAvailable`. As in Kubernetes' working set, `inactive_file` counts as available: it is page cache
 * that the kernel gives back before anyone is killed. Swap is left out. Outside Linux: no limit, free host memory.
 */
export function readMemoryLimit(host: MemoryLimitHost = systemHost): MemoryLimit {
  if (host.platform !== 'linux') return { limitBytes: null, availableBytes: host.freeMemory() };
  let limitBytes: number | null = null;
  let availableBytes = hostAvailable(host);
  for (const level of levels(host)) {
    limitBytes = smaller(limitBytes, level.limitBytes);
    availableBytes = smaller(availableBytes, level.availableBytes);
  }
  return { limitBytes, availableBytes };
}

function* levels(host: MemoryLimitHost): Generator<{ limitBytes: number; availableBytes: number | null }> {
  const group = groupOf(host.readFile('/proc/self/cgroup') ?? '');
  if (group === null) return;
  for (const directory of upwards(group.files.root, group.path)) {
    const limitBytes = limitAt(host, directory, group.files);
    if (limitBytes === null) continue;
    const used = wholeNumber(host.readFile(join(directory, group.files.usage)));
    const reclaimable = field(host.readFile(join(directory, 'memory.stat')), group.files.reclaimable) ?? 0;
    const availableBytes = used === null ? null : Math.max(0, limitBytes - Math.max(0, used - reclaimable));
    yield { limitBytes, availableBytes };
  }
}

/** Lines are `hierarchy:controllers:path`; the memory controller is in version 1 where a line names it. */
function groupOf(text: string): { readonly files: GroupFiles; readonly path: string } | null {
  let unified: string | null = null;
  for (const line of text.split('\n')) {
    const [hierarchy, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (controllers?.split(',').includes('memory') === true) return { files: VERSION_1, path };
    if (hierarchy === '0' && controllers === '') unified = path;
  }
  return unified === null ? null : { files: VERSION_2, path: unified };
}

/**
 * The directory of the group and those above it, up to the root of the mount. In a container without a namespace of
 * its own the path is the host's and does not exist here; its parents do, and the root then is the container.
 */
function* upwards(root: string, path: string): Generator<string> {
  // A group above the namespace's root reads `/../…`; normalising leaves what is visible.
  let current = normalize(join('/', path));
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    yield join(root, current);
    if (current === '/') return;
    current = dirname(current);
  }
}

function limitAt(host: MemoryLimitHost, directory: string, files: GroupFiles): number | null {
  let limit: number | null = null;
  for (const name of files.limits) {
    const bytes = wholeNumber(host.readFile(join(directory, name)));
    if (bytes !== null && bytes < NO_LIMIT_BYTES) limit = smaller(limit, bytes);
  }
  return limit;
}

function hostAvailable(host: MemoryLimitHost): number | null {
  const kibibytes = /^MemAvailable:\s+(\d+) kB$/m.exec(host.readFile('/proc/meminfo') ?? '')?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1024;
}

function field(text: string | null, name: string): number | null {
  for (const line of text?.split('\n') ?? []) {
    if (line.startsWith(`${name} `)) return wholeNumber(line.slice(name.length + 1));
  }
  return null;
}

/** `max` and anything else that is no number is no limit. */
function wholeNumber(text: string | null): number | null {
  const digits = text?.trim() ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : null;
}

function smaller(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function readFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
