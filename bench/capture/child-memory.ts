import { readFileSync } from 'node:fs';

const POLL_MS = 50;

/**
 * The most private memory that the forked children of `pid` were seen to hold, bytes: exact, from `smaps_rollup`, for
 * which the kernel walks the child's page tables. So it is read by the benchmark's own process, every 50 ms, and only
 * where no times are measured.
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
      // A forked child is the service's own program, other than the analysis.
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

/** Empty when the process has just ended. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
