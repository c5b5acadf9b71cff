import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LeakwatchError } from '../errors.js';
import type { Logger } from '../runtime/logger.js';
import { say } from '../runtime/say.js';
import { formatBytes, MIB } from '../runtime/units.js';

/** Limits of the state directory; beyond any of them the oldest files are removed. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1000;
const MAX_FILES = 100;
const MAX_BYTES = 50 * MIB;

const NAME_ONE = say`Name a directory that this user owns and can write to (stateDir, LEAKWATCH_STATE_DIR).`;

const OWN_FILE = /^(report|findings)-[\w.-]+\.json(\.\d+\.tmp)?$/;
/** No file of ours is larger. */
const MAX_READ_BYTES = 4 * MIB;

/**
 * The directory (our own, writable by no one else, not a symbolic link; made with mode 0700) that keeps the last report of
 * each watched process, so that it survives an OOM kill, and the findings of each program, for its next start.
 */
export class StateDirectory {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Opens the first candidate that can be used. Where the user named it (`explicit`), failing is a LEAKWATCH_ERR_STATE_DIR; otherwise
   * null, with the reason in the log. The last candidate that nobody named is a temporary directory, which the log warns about.
   */
  static open(
    { candidates, explicit }: { readonly candidates: readonly string[]; readonly explicit: boolean },
    logger: Logger,
  ): StateDirectory | null {
    const reasons: string[] = [];
    for (const path of candidates.map((candidate) => resolve(candidate))) {
      const reason = makeUsable(path);
      if (reason !== null) {
        reasons.push(`'${path}' ${reason}`);
        continue;
      }
      if (!explicit && reasons.length === candidates.length - 1)
        logger.warn(
          say`findings and the audit log are kept in the temporary directory '${path}', which may not outlast a restart. ${NAME_ONE}`,
        );
      return new StateDirectory(path);
    }
    const why = reasons.join('; ');
    if (explicit)
      throw new LeakwatchError('LEAKWATCH_ERR_STATE_DIR', say`The state directory ${why}. ${NAME_ONE}`);
    logger.info(say`reports are not kept across restarts: ${why}`);
    return null;
  }

  /** Replaces the file `name` (`report-….json` or `findings-….json`) as a whole, mode 0600. Throws what the file system throws. */
  write(name: string, content: string): void {
    writeWhole(join(this.path, name), content);
  }

  /** Null if there is no such file. Throws what the file system throws, and a RangeError for a file too large to be ours. */
  read(name: string): string | null {
    const path = join(this.path, name);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    if (!stat.isFile() || stat.size > MAX_READ_BYTES)
      throw new RangeError(say`it is not a file of at most ${formatBytes(MAX_READ_BYTES)}`);
    return readFileSync(path, 'utf8');
  }

  /** Removes files beyond the limits, and only files that this class writes. Returns how many. */
  prune(nowMs: number): number {
    const files = readdirSync(this.path)
      .filter((name) => OWN_FILE.test(name))
      .flatMap((name) => {
        const stat = statSync(join(this.path, name), { throwIfNoEntry: false });
        return stat?.isFile() === true ? [{ name, bytes: stat.size, atMs: stat.mtimeMs }] : [];
      })
      .sort((a, b) => b.atMs - a.atMs);
    let bytes = 0;
    let removed = 0;
    for (const [index, file] of files.entries()) {
      bytes += file.bytes;
      // Each finding in a file has its own age, and muted ones do not age.
      const isOld = nowMs - file.atMs > MAX_AGE_MS && !file.name.startsWith('findings-');
      if (index < MAX_FILES && bytes <= MAX_BYTES && !isOld) continue;
      rmSync(join(this.path, file.name), { force: true });
      removed += 1;
    }
    return removed;
  }
}

/** Writes `path` so that a reader sees the old or the new content, never a part; mode 0600. */
export function writeWhole(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  writeFileSync(temporary, content, { mode: 0o600, flag: 'wx' });
  renameSync(temporary, path);
}

/** Null when the directory exists, is ours, private and writable; otherwise why not. */
function makeUsable(path: string): string | null {
  try {
    makeDirectories(path);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink() || !stat.isDirectory()) return say`is not a directory`;
    if (process.getuid !== undefined && stat.uid !== process.getuid()) return say`belongs to another user`;
    if (process.platform !== 'win32' && (stat.mode & 0o022) !== 0)
      return say`can be written to by others (give it mode 0700)`;
    const probe = join(path, `report-probe-${process.pid}.json`);
    writeWhole(probe, '{}');
    rmSync(probe);
    return null;
  } catch (error) {
    return say`cannot be used (${(error as NodeJS.ErrnoException).code ?? 'error'})`;
  }
}

/** One level at a time, because Node's own recursive mkdir never returns where a file system answers ENOENT for a level that is there (`/proc`, Node 20 to 26). */
function makeDirectories(path: string): void {
  const missing: string[] = [];
  for (let level = resolve(path); !existsSync(level); level = dirname(level)) missing.unshift(level);
  for (const level of missing) mkdirSync(level, { mode: 0o700 });
}
