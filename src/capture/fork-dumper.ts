import { Socket } from 'node:net';
import { CHILD_EXIT, type Mappings, type NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { formatBytes } from '../runtime/units.js';
import type { CaptureLevel } from './capture-record.js';
import { CENSUS_END, type CensusMessage, childJob } from './child-job.js';
import type { ClassCount } from './class-census.js';
import { type ChildRun, runForkedChild } from './forked-child.js';
import type { CaptureOrder, DumpOutcome, HeapDumper } from './heap-dumper.js';
import { type CostPrediction, LearnedCost } from './learned-cost.js';

const PER_MIB = 1 / 2 ** 20;

/**
 * First guesses, before this process has taught us better; about twice what was measured on Node 20 to 26 with 3 million
 * small objects in 180 MB: 2.5, 4.7 and 11 ms of CPU a MB for the first three, and 0.12, 0.15 and 0.67 times the heap. The
 * fork took 0.06 to 0.09 ms a MB.
 */
const PAUSE = { pauseMsPerByte: 0.1 * PER_MIB };
const GUESSES = {
  probe: { ...PAUSE, memoryPerByte: 0.2, cpuSecondsPerByte: 0.005 * PER_MIB, durationMsPerByte: 5 * PER_MIB },
  census: {
    ...PAUSE,
    memoryPerByte: 0.3,
    cpuSecondsPerByte: 0.01 * PER_MIB,
    durationMsPerByte: 10 * PER_MIB,
  },
  sampled: {
    ...PAUSE,
    memoryPerByte: 0.4,
    cpuSecondsPerByte: 0.025 * PER_MIB,
    durationMsPerByte: 25 * PER_MIB,
  },
  full: { ...PAUSE, memoryPerByte: 15, cpuSecondsPerByte: 0.5 * PER_MIB, durationMsPerByte: 500 * PER_MIB },
} as const;

/** Children tried for one capture. One in eight meets a worker of V8's at work right after a collection, nearly none later. */
const MAX_TRIES = 6;
const FIRST_BACK_OFF_MS = 40;
/** A scan waits for a free thread of libuv's pool, which the service may keep busy for good. */
const MAX_SCAN_MS = 10_000;
/** What the child dies of when nobody reads any more what it writes: not its own fault, and told like a stream's. */
const SIGPIPE = 13;
const READER_GONE = 'EPIPE: nobody was left to read the snapshot';
/** A census that says more is not ours. */
const MAX_CENSUS_CHARACTERS = 2 ** 20;
/** What a child takes whatever the heap: a bare Node.js has 5 MB of its own, and its graph takes ten times that. */
const FLOOR_BYTES = { probe: 12 * 2 ** 20, census: 16 * 2 ** 20, sampled: 56 * 2 ** 20, full: 48 * 2 ** 20 };

/** Captures in a forked copy of the process, which costs the service the time of one fork(2). */
export class ForkDumper implements HeapDumper {
  readonly name = 'fork';
  readonly levels: readonly CaptureLevel[];
  readonly #binding: NativeBinding;
  readonly #clock: Clock;
  readonly #cost: LearnedCost<CaptureLevel>;

  constructor(binding: NativeBinding, clock: Clock) {
    this.#binding = binding;
    this.#clock = clock;
    this.#cost = new LearnedCost(clock, GUESSES);
    this.levels = binding.missingSymbol === null ? ['probe', 'census', 'sampled', 'full'] : ['probe', 'full'];
  }

  predict(level: CaptureLevel, heapBytes: number): CostPrediction {
    const predicted = this.#cost.predict(level, heapBytes);
    return { ...predicted, memoryBytes: predicted.memoryBytes + FLOOR_BYTES[level] };
  }

  async dump(order: CaptureOrder): Promise<DumpOutcome> {
    const costs = { pauseMs: 0, peakBytes: 0, cpuSeconds: 0, retries: 0 };
    try {
      for (;;) {
        const attempt = await this.#inTurn(order);
        const { run, census } = attempt;
        costs.pauseMs = Math.max(costs.pauseMs, run.blockedMs);
        costs.peakBytes = Math.max(costs.peakBytes, run.words.peakBytes, run.verdict.peakBytes);
        costs.cpuSeconds += cpuSecondsOf(run);
        const end = judge(run, order.signal);
        this.#learn(order, attempt, end.ended);
        if (end.ended === 'done') {
          if (order.level === 'census' && census === null)
            return { ...costs, outcome: 'failure', reason: 'the census of the child cannot be read' };
          return { ...costs, outcome: 'success', liveBytes: run.words.liveBytes, census };
        }
        if (end.ended === 'failed' || costs.retries + 1 >= MAX_TRIES) {
          const tries = costs.retries === 0 ? '' : ` (after ${costs.retries + 1} tries)`;
          return { ...costs, outcome: 'failure', reason: end.reason + tries };
        }
        await this.#pause(FIRST_BACK_OFF_MS * 2 ** costs.retries, order.signal);
        costs.retries += 1;
      }
    } catch (error) {
      return { ...costs, outcome: 'failure', reason: reasonOf(error) };
    }
  }

  /** Threads fork one at a time; who meets another waits for it, which is a matter of some milliseconds. */
  async #inTurn(order: CaptureOrder): Promise<Attempt> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#attempt(order);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries >= MAX_TRIES) throw error;
        await this.#pause(FIRST_BACK_OFF_MS * 2 ** (tries - 1), order.signal);
      }
    }
  }

  async #attempt(order: CaptureOrder): Promise<Attempt> {
    const mappings = await this.#scan(order.signal);
    order.signal.throwIfAborted();
    let census: Promise<readonly ClassCount[] | null> = Promise.resolve(null);
    const fromMs = this.#clock.monotonicMs();
    const run = await runForkedChild({
      binding: this.#binding,
      clock: this.#clock,
      mappings,
      job: (output) => childJob(this.#binding, order.level, output),
      besideBytes: order.besideBytes,
      niceness: order.niceness,
      timeoutMs: order.timeoutMs,
      signal: order.signal,
      paused: (from, to) => order.paused(from, to),
      output: (readFd) => {
        if (order.level === 'census') census = readCensus(readFd);
        else order.receiver.pipe(readFd);
      },
    });
    return { run, census: await census, durationMs: this.#clock.monotonicMs() - fromMs };
  }

  #scan(signal: AbortSignal): Promise<Mappings> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(MAX_SCAN_MS, () =>
        reject(new Error(`libuv's thread pool was busy for ${MAX_SCAN_MS / 1000} s`)),
      );
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort);
      const scanned = this.#binding.scan().finally(() => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
      });
      scanned.then(resolve, reject);
    });
  }

  /** Ends early when the capture is called off: who does that waits for it. */
  #pause(delayMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.#clock.after(delayMs, end);
      signal.addEventListener('abort', end);
    });
  }

  /** Of a child that was merely unlucky only the pause says anything; one that failed would have taken at least what it took. */
  #learn(
    { level, heapBytes }: CaptureOrder,
    { run, durationMs }: Attempt,
    ended: ChildVerdict['ended'],
  ): void {
    const { liveBytes, peakBytes } = run.words;
    const tells = ended !== 'unlucky';
    this.#cost.learn(level, {
      heapBytes: liveBytes > 0 ? liveBytes : heapBytes,
      pauseMs: run.blockedMs,
      memoryBytes: tells
        ? Math.max(0, Math.max(peakBytes, run.verdict.peakBytes) - FLOOR_BYTES[level])
        : null,
      cpuSeconds: tells ? cpuSecondsOf(run) : null,
      durationMs: tells ? durationMs : null,
      complete: ended === 'done',
    });
  }
}

interface Attempt {
  readonly run: ChildRun;
  readonly census: readonly ClassCount[] | null;
  readonly durationMs: number;
}

/** With the code first, as Node's own errors of the system have it: `EAGAIN: fork: …`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  return typeof code !== 'string' || message.startsWith(code) ? message : `${code}: ${message}`;
}

/** Where somebody else took the child's end, as the governor saw it. */
function cpuSecondsOf({ end, verdict }: ChildRun): number {
  return end?.cpuSeconds ?? verdict.cpuSeconds;
}

type ChildVerdict =
  | { readonly ended: 'done' }
  /** `unlucky`: another child may succeed. */
  | { readonly ended: 'unlucky' | 'failed'; readonly reason: string };

function judge({ end, words, verdict, wrote }: ChildRun, signal: AbortSignal): ChildVerdict {
  if (signal.aborted) return { ended: 'failed', reason: 'the watcher was stopped' };
  if (verdict.killed !== null) return { ended: 'failed', reason: verdict.killed.detail };
  if (end === null) {
    return words.liveBytes > 0
      ? { ended: 'done' }
      : { ended: 'failed', reason: "the end of the child was taken by somebody else's wait" };
  }
  const died = end.signal > 0 || end.exitCode > CHILD_EXIT.signal;
  const unlucky = wrote ? 'failed' : 'unlucky';
  if (died) {
    const number = end.signal > 0 ? end.signal : end.exitCode - CHILD_EXIT.signal;
    if (number === SIGPIPE) return { ended: 'failed', reason: READER_GONE };
    // Nobody but an administrator, or the kernel when memory runs out, sends this one.
    const byKernel = number === 9 ? ', as the kernel does where memory runs out' : '';
    return {
      ended: number === 9 ? 'failed' : unlucky,
      reason: `the forked child was ended by signal ${number}${byKernel}`,
    };
  }
  switch (end.exitCode) {
    case CHILD_EXIT.done:
      return { ended: 'done' };
    case CHILD_EXIT.waited:
      return { ended: unlucky, reason: 'the forked child met a thread of V8 that was at work' };
    case CHILD_EXIT.threw:
      return { ended: 'failed', reason: `the forked child failed: ${words.message}` };
    case CHILD_EXIT.memory:
      return {
        ended: 'failed',
        reason: `the forked child gave up at the ${formatBytes(words.peakBytes)} of memory that were allotted to it`,
      };
    case CHILD_EXIT.time:
      return { ended: 'failed', reason: 'the forked child gave up at its time limit' };
    case CHILD_EXIT.unable:
      return { ended: 'failed', reason: 'the forked child could not let go of what it inherited' };
    default:
      return { ended: 'failed', reason: `the forked child ended with code ${end.exitCode}` };
  }
}

/** Null where it is not whole. A pipe of the loop's, since a file's read would hold a thread of libuv's pool. */
function readCensus(readFd: number): Promise<readonly ClassCount[] | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = new Socket({ fd: readFd, readable: true, writable: false });
    socket.setEncoding('utf8');
    socket.unref();
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_CENSUS_CHARACTERS) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(parseCensus(text)));
  });
}

function parseCensus(text: string): readonly ClassCount[] | null {
  if (!text.endsWith(CENSUS_END)) return null;
  try {
    // It was written in a copy of the program, which may have given JSON.stringify ideas of its own (toJSON).
    const { classes } = JSON.parse(text) as Partial<CensusMessage>;
    return Array.isArray(classes) && classes.every(isClassCount) ? classes : null;
  } catch {
    return null;
  }
}

function isClassCount(row: Partial<ClassCount> | null): boolean {
  return typeof row?.className === 'string' && Number.isFinite(row.count) && Number.isFinite(row.bytes);
}
