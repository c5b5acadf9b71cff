import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';

/** A file that is read repeatedly: opened once, so that later readings need no new descriptor. */
export interface RereadFile {
  /** The current content, or null if it can no longer be read. */
  read(): string | null;
  close(): void;
}

/** Access to the kernel's files, so that tests can fake them. */
export interface KernelFiles {
  /** Content of a file, or null if it cannot be read. */
  readFile(path: string): string | null;
  /** Null if it cannot be opened. */
  open(path: string): RereadFile | null;
}

type Controller = 'memory' | 'cpu';

/** The group through which one controller limits the process. */
export interface ControlGroup {
  readonly version: 1 | 2;
  /** Its directory and its parents, innermost first, up to the root of the mount; some may not exist. */
  readonly directories: readonly string[];
}

interface Mount {
  readonly version: 1 | 2;
  /** Version 1: the controllers it is mounted for. */
  readonly controllers: readonly string[];
  /** The group that appears at the mount point. */
  readonly root: string;
  readonly point: string;
}

/** Parent groups examined; deeper nesting is ignored. */
const MAX_DEPTH = 32;
/** Longer files are cut; the longest one read, `memory.stat`, has under 4 KB. */
const MAX_FILE_BYTES = 16 * 1024;

/**
 * Finds the process's group for `controller`; null if there is none. In a hybrid hierarchy, a controller is in version
 * 1 if a line of `/proc/self/cgroup` names it, otherwise in version 2.
 */
export function findControlGroup(
  files: Pick<KernelFiles, 'readFile'>,
  controller: Controller,
): ControlGroup | null {
  const own = membership(files.readFile('/proc/self/cgroup') ?? '', controller);
  if (own === null) return null;
  const { version, path } = own;
  const mounts = parseMounts(files.readFile('/proc/self/mountinfo') ?? '').filter(
    (mount) => mount.version === version && (version === 2 || mount.controllers.includes(controller)),
  );
  const mount =
    mounts.find(({ root }) => isBelow(path, root)) ?? mounts[0] ?? usualMount(version, controller);
  return { version, directories: [...upwards(mount, path)] };
}

/** Lines are `hierarchy:controllers:path`. */
function membership(text: string, controller: Controller): { version: 1 | 2; path: string } | null {
  let unified: string | null = null;
  for (const line of text.split('\n')) {
    const [hierarchy, controllers, ...rest] = line.split(':');
    const path = rest.join(':');
    if (controllers?.split(',').includes(controller) === true) return { version: 1, path };
    if (hierarchy === '0' && controllers === '') unified = path;
  }
  return unified === null ? null : { version: 2, path: unified };
}

/** Lines are `id parent device root point options [tags…] - type source super-options` (proc_pid_mountinfo(5)). */
function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [place, kind] = line.split(' - ');
    const [type, , options] = kind?.split(' ') ?? [];
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const [, , , root, point] = place?.split(' ') ?? [];
    if (root === undefined || point === undefined) continue;
    mounts.push({
      version: type === 'cgroup' ? 1 : 2,
      controllers: options?.split(',') ?? [],
      root,
      point,
    });
  }
  return mounts;
}

/** The conventional mount points, if `mountinfo` cannot be read. */
function usualMount(version: 1 | 2, controller: Controller): Mount {
  const point = version === 1 ? `/sys/fs/cgroup/${controller}` : '/sys/fs/cgroup';
  return { version, controllers: [controller], root: '/', point };
}

/**
 * In a container without its own cgroup namespace, the path is the host's. Then either the mount shows the tree from
 * `root` on, or the path does not exist here but a parent does, and the root is the container's group.
 */
function* upwards(mount: Mount, path: string): Generator<string> {
  const visible = isBelow(path, mount.root) && mount.root !== '/' ? path.slice(mount.root.length) : path;
  // A group above the namespace's root reads `/../…`; normalising keeps the visible part.
  let current = normalize(join('/', visible));
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    yield join(mount.point, current);
    if (current === '/') return;
    current = dirname(current);
  }
}

function isBelow(path: string, root: string): boolean {
  return root === '/' || path === root || path.startsWith(`${root}/`);
}

/** Null for `max`, for negative numbers and for anything else that is not a whole number. */
export function wholeNumber(text: string | null | undefined): number | null {
  const digits = text?.trim() ?? '';
  return /^\d+$/.test(digits) ? Number(digits) : null;
}

export function smaller(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

export const kernelFiles: KernelFiles = { readFile: readText, open: openText };

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** The kernel generates the content at each read from the start. */
function openText(path: string): RereadFile | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch {
    return null;
  }
  const buffer = Buffer.allocUnsafeSlow(MAX_FILE_BYTES);
  let open = true;
  return {
    read() {
      try {
        return open ? buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, MAX_FILE_BYTES, 0)) : null;
      } catch {
        return null;
      }
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}
