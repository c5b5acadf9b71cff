import { readFileSync } from 'node:fs';

const POLL_MS = 50;

/**
 * The peak private memory seen in the forked children of `pid`, bytes: exact, from `smaps_rollup`, for which the kernel
 * walks the child's page tables. Therefore the benchmark's own process reads it, every 50 ms, and only in runs that
 * measure no times.
 */
export class ChildMemory {
  readonly #pid: number;
  readonly #program: string;
  readonly #timer: NodeJS.Timeout;
  #peakBytes = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#program = commandLine(String(pid));
    this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#peakBytes;
  }

  #look(): void {
    for (const child of read(`/proc/${this.#pid}/task/${this.#pid}/children`).split(' ')) {
      // A forked child runs the service's own program, unlike the analysis process.
      if (child === '' || commandLine(child) !== this.#program) continue;
      const rollup = read(`/proc/${child}/smaps_rollup`);
      const kilobytes = [...rollup.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].map(([, kB]) =>
        Number(kB),
      );
      const bytes = kilobytes.reduce((sum, kB) => sum + kB, 0) * 1024;
      this.#peakBytes = Math.max(this.#peakBytes, bytes);
    }
  }
}

function commandLine(pid: string): string {
  return read(`/proc/${pid}/cmdline`);
}

/** Empty if the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
