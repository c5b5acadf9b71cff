import { stat } from 'node:fs/promises';
import { type Clock, systemClock, type Timer } from './clock.js';

const EVERY_MS = 10_000;

/**
 * Calls back when one of a few files is replaced or changed. Asks the file system every 10 s: its own notifications do not
 * reach through the symbolic links that Kubernetes swaps, nor over networks. Never keeps the process alive.
 */
export class FileWatch {
  readonly #paths: readonly string[];
  readonly #changed: () => boolean;
  readonly #clock: Clock;
  /** Unknown at first, so that a change between the first reading and the first look is not missed. */
  #seen = '';
  #timer: Timer | null = null;
  #stopped = false;

  /** `changed` returns false if it could not use the files: then it is called again at the next look. Never throws. */
  constructor(paths: readonly string[], changed: () => boolean, clock: Clock = systemClock) {
    this.#paths = paths;
    this.#changed = changed;
    this.#clock = clock;
  }

  start(): void {
    this.#timer = this.#clock.after(EVERY_MS, () => void this.#look());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The next look follows this one, so that a slow network file system has one at most. */
  async #look(): Promise<void> {
    const seen = (await Promise.all(this.#paths.map(versionOf))).join(' ');
    if (this.#stopped) return;
    if (seen !== this.#seen) this.#seen = this.#changed() ? seen : '';
    this.start();
  }
}

/** Never rejects. */
async function versionOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mode, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mode, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
