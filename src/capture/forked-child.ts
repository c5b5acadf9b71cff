import { readCpuCores } from '../host/cpu-limit.js';
import { createMemoryLimitReader, type MemoryLimitReader } from '../host/memory-limit.js';
import type { ChildEnd, ChildWords, ForkedChild, Mappings, NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { memoryAllotment, memoryReserve } from '../trigger/memory-allotment.js';
import { type ChildUsage, type ChildUsageReader, openChildUsage } from './child-usage.js';
import { DumpError } from './dump-failure.js';
import { type GovernedChild, Governor, type GovernorVerdict } from './governor.js';
import type { CaptureOrder } from './heap-dumper.js';

export interface ChildOrder
  extends Pick<CaptureOrder, 'concurrentBytes' | 'niceness' | 'timeoutMs' | 'signal' | 'paused'> {
  readonly binding: NativeBinding;
  readonly clock: Clock;
  readonly mappings: Mappings;
  /** The most that the child may take, however much there is; bytes. */
  readonly mostBytes?: number;
  /** See `ForkOptions`. */
  readonly sealed?: boolean;
  /** What the child does; given the write end of a pipe. */
  readonly job: (output: number) => () => void;
  /** The read end of the pipe, which the callee closes: called once, when the child has begun to write. */
  output(readFd: number): void;
}

export interface ChildRun {
  /** Null if other code in the process collected its exit status. */
  readonly end: ChildEnd | null;
  readonly words: ChildWords;
  readonly verdict: GovernorVerdict;
  readonly blockedMs: number;
  /** Whether it had begun to write. */
  readonly wrote: boolean;
}

/** How often the child is checked: a signal of its end (SIGCHLD) would be noticed by the service. */
const LOOK_MS = 20;
/** The child's own time limit, as a multiple of ours. Its clock runs on while it is suspended, so it only ends a child that is no longer watched. */
const OWN_LIMIT_TIMES = 12;

/** Of this thread. */
let living = 0;

/** Whether a child of this thread is running; the analysis of what it wrote may go on for longer. */
export const childIsRunning = (): boolean => living > 0;

/** Forks one child and watches it to its end. If it cannot be forked, throws a `DumpError` or the addon's error. */
export async function runForkedChild(order: ChildOrder): Promise<ChildRun> {
  const memory = createMemoryLimitReader();
  try {
    const room = roomFor(order, memory);
    const { readFd, writeFd } = order.binding.pipe();
    const pipe = new PipeEnd(readFd, order);
    try {
      return await forkAndWatch(order, memory, room, pipe, writeFd);
    } finally {
      pipe.close();
    }
  } finally {
    memory.close();
  }
}

/** What a child would be allowed now, bytes. */
export function allotmentNow(concurrentBytes: number): number {
  const memory = createMemoryLimitReader();
  try {
    return memoryAllotment({ ...memory.read(), concurrentBytes });
  } finally {
    memory.close();
  }
}

interface Room {
  readonly allotmentBytes: number;
  readonly reserveBytes: number;
}

/** Memory that was free when the capture was decided may be used by now; if it is short, the fork itself may end the service. */
function roomFor(order: ChildOrder, memory: MemoryLimitReader): Room {
  const situation = { ...memory.read(), concurrentBytes: order.concurrentBytes };
  const allotmentBytes = Math.min(memoryAllotment(situation), order.mostBytes ?? Number.POSITIVE_INFINITY);
  const reserveBytes = memoryReserve(situation);
  if (allotmentBytes > 0) return { allotmentBytes, reserveBytes };
  const availableBytes = situation.availableBytes ?? situation.limitBytes ?? 0;
  const { concurrentBytes } = order;
  throw new DumpError({ cause: 'no-memory-headroom', availableBytes, concurrentBytes, reserveBytes });
}

async function forkAndWatch(
  order: ChildOrder,
  memory: MemoryLimitReader,
  { allotmentBytes, reserveBytes }: Room,
  pipe: PipeEnd,
  writeFd: number,
): Promise<ChildRun> {
  const { binding, clock } = order;
  const fromMs = clock.monotonicMs();
  const forked = forkWith(order, writeFd, allotmentBytes);
  order.paused(fromMs, clock.monotonicMs());
  living += 1;
  const child = new LivingChild(forked.pid);
  const governor = new Governor({
    clock,
    child,
    memory: () => memory.read(),
    reserveBytes,
    allotmentBytes,
    timeoutMs: order.timeoutMs,
    cpuCores: readCpuCores(),
  });
  try {
    const end = await ended(order, child, pipe);
    pipe.look();
    const verdict = governor.end();
    const words = binding.words(forked.page);
    return { end, words, verdict, blockedMs: forked.blockedMs, wrote: pipe.wrote };
  } finally {
    living -= 1;
    governor.end();
    child.close();
  }
}

/** The parent's write end is closed on every path: the reader must see the end when the child is gone. */
function forkWith(order: ChildOrder, writeFd: number, allotmentBytes: number): ForkedChild {
  const { binding, mappings, timeoutMs, niceness } = order;
  try {
    const limitMs = timeoutMs * OWN_LIMIT_TIMES;
    const sealed = order.sealed === true ? 1 : 0;
    const options = { mappings, output: writeFd, allotmentBytes, limitMs, niceness, sealed } as const;
    return binding.fork(options, order.job(writeFd));
  } finally {
    binding.close(writeFd);
  }
}

/** Hands the read end over at the first byte: until then the child may still fail, and no analysis should start in vain. */
class PipeEnd {
  readonly #readFd: number;
  readonly #order: ChildOrder;
  wrote = false;

  constructor(readFd: number, order: ChildOrder) {
    this.#readFd = readFd;
    this.#order = order;
  }

  look(): void {
    if (this.wrote || this.#order.binding.waiting(this.#readFd) === 0) return;
    this.wrote = true;
    this.#order.output(this.#readFd);
  }

  close(): void {
    if (!this.wrote) this.#order.binding.close(this.#readFd);
  }
}

/** A child until it is waited for; after that its number may belong to another process. */
class LivingChild implements GovernedChild {
  readonly pid: number;
  readonly #usage: ChildUsageReader | null;
  #gone = false;

  constructor(pid: number) {
    this.pid = pid;
    this.#usage = openChildUsage(pid);
  }

  stop(): void {
    this.#send('SIGSTOP');
  }

  resume(): void {
    this.#send('SIGCONT');
  }

  kill(): void {
    this.#send('SIGKILL');
  }

  usage(): ChildUsage | null {
    return this.#usage?.read() ?? null;
  }

  /** Null while it runs; then its end, or `lost` if other code in the process collected its exit status. */
  wait(binding: NativeBinding): ChildEnd | 'lost' | null {
    let end: ChildEnd | 'lost' | null = 'lost';
    try {
      end = binding.wait(this.pid);
    } catch {
      // ECHILD
    }
    this.#gone = end !== null;
    return end;
  }

  close(): void {
    this.#usage?.close();
  }

  #send(signal: NodeJS.Signals): void {
    if (this.#gone) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // Other code has waited for it since.
    }
  }
}

/** The child is waited for even after an error, or it would stay a zombie. */
function ended(order: ChildOrder, child: LivingChild, pipe: PipeEnd): Promise<ChildEnd | null> {
  return new Promise((resolve, reject) => {
    let fault: { readonly error: unknown } | null = null;
    const look = (): void => {
      try {
        if (order.signal.aborted || fault !== null) child.kill();
        else pipe.look();
      } catch (error) {
        fault = { error };
        child.kill();
      }
      const end = child.wait(order.binding);
      if (end === null) order.clock.after(LOOK_MS, look);
      else if (fault !== null) reject(fault.error);
      else resolve(end === 'lost' ? null : end);
    };
    order.clock.after(LOOK_MS, look);
  });
}
