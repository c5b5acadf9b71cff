import type { MemoryLimit } from '../host/memory-limit.js';
import type { Clock, Timer } from '../runtime/clock.js';
import type { ChildUsage } from './child-usage.js';
import { CpuShare } from './cpu-share.js';
import type { GovernorKill } from './dump-failure.js';

/** A running child. Once it has been waited for, its methods must do nothing: its number may belong to another process. */
export interface GovernedChild {
  /** SIGSTOP. */
  stop(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGKILL. */
  kill(): void;
  /** Null if unknown. */
  usage(): ChildUsage | null;
}

export interface GovernorOptions {
  readonly clock: Clock;
  readonly child: GovernedChild;
  /** Memory that the container has left; called at each tick. */
  readonly memory: () => MemoryLimit;
  /** Reserved for the service (`memoryReserve`), bytes. */
  readonly reserveBytes: number;
  /** The most that the child itself may hold (`memoryAllotment`), bytes; null: whatever leaves the reserve. */
  readonly allotmentBytes: number | null;
  /** How long the child may run, not counting the time it was suspended, milliseconds. */
  readonly timeoutMs: number;
  /** CPU quota of the container, cores; null: none. */
  readonly cpuCores: number | null;
}

/** What became of a governed child. */
export interface GovernorVerdict {
  /** Null if the governor did not kill it. */
  readonly killed: GovernorKill | null;
  /** The most private memory it was seen to hold, bytes. */
  readonly peakBytes: number;
  readonly cpuSeconds: number;
  /** How long it was suspended because of the CPU quota: in total, and the longest time at once; milliseconds. */
  readonly stoppedMs: number;
  readonly longestStopMs: number;
}

/** Between two looks at a running child. */
const TICK_MS = 25;
/** A stopped child does not grow, only the service does. */
const STOPPED_TICK_MS = 100;
/** With a small quota, checking more often would cost more than a run that lasts too long; the next suspension makes up for that. */
const MIN_RUN_MS = 5;
/** The child's part of a CPU quota. It bursts to a tenth more, and late ticks cost a little. */
const SHARE_OF_QUOTA = 0.2;
/** With this many cores, service, child and analysis have one each and do not slow each other down. */
const FREE_CORES = 3;
/** Time beyond this between two ticks is not counted: the service was busy or frozen, and maybe the child as well. */
const MAX_COUNTED_GAP_MS = 1000;
/** Including suspensions, a child may take this many times its time limit. */
const LONGEST_TIMES = 10;

/**
 * Watches one child while it captures, so that the capture dies and not the service: kills it when the container's memory
 * would run short or when it takes too long, and under a CPU quota stops and resumes it, so that it takes no more than a
 * fifth of the quota. Never throws and keeps nothing alive. Its child dies with this process (PR_SET_PDEATHSIG),
 * stopped or not; for a child that has ended or is killed here, `end()` must be called.
 */
export class Governor {
  readonly #options: GovernorOptions;
  readonly #share: CpuShare | null;
  #timer: Timer | null = null;
  #lastMs: number;
  #runMs = 0;
  #countedMs = 0;
  #stopped = false;
  #stopMs = 0;
  #stoppedMs = 0;
  #longestStopMs = 0;
  #usage: ChildUsage = { cpuSeconds: 0, privateBytes: 0 };
  #peakBytes = 0;
  #killed: GovernorKill | null = null;
  #ended = false;

  /** Begins at once. */
  constructor(options: GovernorOptions) {
    this.#options = options;
    const { cpuCores } = options;
    this.#share =
      cpuCores === null || cpuCores >= FREE_CORES ? null : new CpuShare(cpuCores * SHARE_OF_QUOTA);
    this.#lastMs = options.clock.monotonicMs();
    this.#await();
  }

  /** The child has ended or is no longer to be watched; a stopped one is resumed. May be called again. */
  end(): GovernorVerdict {
    if (!this.#ended) {
      this.#ended = true;
      this.#timer?.cancel();
      this.#look();
      if (this.#stopped) this.#resume();
    }
    return {
      killed: this.#killed,
      peakBytes: this.#peakBytes,
      cpuSeconds: this.#usage.cpuSeconds,
      stoppedMs: this.#stoppedMs,
      longestStopMs: this.#longestStopMs,
    };
  }

  readonly #tick = (): void => {
    if (this.#ended || this.#killed !== null) return;
    const grownBytes = this.#look();
    this.#killed = this.#shortOfMemory(grownBytes) ?? this.#outOfTime();
    if (this.#killed !== null) {
      // Nothing would resume it later.
      if (!attempt(() => this.#options.child.kill())) this.#resume();
      return;
    }
    if (this.#share !== null) this.#ration(this.#share);
    this.#await();
  };

  #await(): void {
    this.#timer = this.#options.clock.after(this.#nextMs(), this.#tick);
  }

  #nextMs(): number {
    if (this.#share === null) return TICK_MS;
    return this.#stopped
      ? Math.min(STOPPED_TICK_MS, Math.max(1, Math.ceil(this.#share.refillMs)))
      : Math.min(TICK_MS, Math.max(MIN_RUN_MS, Math.floor(this.#share.runnableMs)));
  }

  /** Updates the figures for the time since the last check, and returns by how many bytes the child has grown in it. */
  #look(): number {
    const nowMs = this.#options.clock.monotonicMs();
    const gapMs = nowMs - this.#lastMs;
    const countedMs = Math.min(gapMs, MAX_COUNTED_GAP_MS);
    this.#lastMs = nowMs;
    this.#countedMs += countedMs;
    if (this.#stopped) {
      this.#stopMs += gapMs;
      this.#stoppedMs += gapMs;
      this.#longestStopMs = Math.max(this.#longestStopMs, this.#stopMs);
    } else this.#runMs += countedMs;
    const before = this.#usage;
    // If it is unknown, a child that may run is assumed to have computed all the time.
    const idle = this.#stopped || this.#ended;
    this.#usage = this.#readUsage() ?? {
      cpuSeconds: before.cpuSeconds + (idle ? 0 : countedMs / 1000),
      privateBytes: before.privateBytes,
    };
    this.#peakBytes = Math.max(this.#peakBytes, this.#usage.privateBytes);
    this.#share?.account(gapMs, (this.#usage.cpuSeconds - before.cpuSeconds) * 1000);
    return this.#usage.privateBytes - before.privateBytes;
  }

  /** Looks ahead by one tick: until the next, the child may grow by as much as since the last, which may have come late. */
  #shortOfMemory(grownBytes: number): GovernorKill | null {
    const { reserveBytes, allotmentBytes } = this.#options;
    const { privateBytes: heldBytes } = this.#usage;
    const availableBytes = this.#readAvailable();
    const ahead = Math.max(0, grownBytes);
    if (availableBytes !== null && availableBytes - ahead < reserveBytes)
      return { cause: 'memory-short', availableBytes, reserveBytes, heldBytes, grownBytes: ahead };
    if (allotmentBytes === null || heldBytes <= allotmentBytes) return null;
    return { cause: 'over-allotment', heldBytes, allotmentBytes };
  }

  #outOfTime(): GovernorKill | null {
    const { timeoutMs } = this.#options;
    const longestMs = timeoutMs * LONGEST_TIMES;
    const times = { ranMs: this.#runMs, stoppedMs: this.#stoppedMs };
    if (this.#runMs > timeoutMs) return { cause: 'too-long', ...times, limit: 'run', limitMs: timeoutMs };
    if (this.#countedMs <= longestMs) return null;
    return { cause: 'too-long', ...times, limit: 'run-and-stops', limitMs: longestMs };
  }

  #ration(share: CpuShare): void {
    if (this.#stopped) {
      if (share.full) this.#resume();
    } else if (share.usedUp) {
      this.#stopped = attempt(() => this.#options.child.stop());
    }
  }

  /** A child that cannot be resumed must not stay suspended. */
  #resume(): void {
    const { child } = this.#options;
    if (!attempt(() => child.resume())) attempt(() => child.kill());
    this.#stopped = false;
    this.#stopMs = 0;
  }

  #readUsage(): ChildUsage | null {
    try {
      return this.#options.child.usage();
    } catch {
      return null;
    }
  }

  #readAvailable(): number | null {
    try {
      return this.#options.memory().availableBytes;
    } catch {
      return null;
    }
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
