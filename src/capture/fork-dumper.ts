import { Socket } from 'node:net';
import { CHILD_EXIT, type Mappings, type NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { MIB } from '../runtime/units.js';
import type { CaptureLevel } from './capture-record.js';
import { CENSUS_END, type CensusMessage, childJob } from './child-job.js';
import type { ClassCount } from './class-census.js';
import { DumpError, type DumpFailure, failureOf } from './dump-failure.js';
import { type ChildRun, runForkedChild } from './forked-child.js';
import type { CaptureOrder, DumpOutcome, HeapDumper } from './heap-dumper.js';
import { type CostPrediction, LearnedCost } from './learned-cost.js';

/**
 * First guesses, before this process has taught us better; about twice what was measured on Node 20 to 26 with 3 million
 * small objects in 180 MB: 2.5, 4.7 and 11 ms of CPU a MB for the first three, and 0.12, 0.15 and 0.67 times the heap. The
 * fork took 0.06 to 0.09 ms a MB.
 */
const guess = (memoryPerByte: number, cpuSecondsPerMib: number) => ({
  pauseMsPerByte: 0.1 / MIB,
  memoryPerByte,
  cpuSecondsPerByte: cpuSecondsPerMib / MIB,
});
const GUESSES = {
  probe: guess(0.2, 0.005),
  census: guess(0.3, 0.01),
  sampled: guess(0.4, 0.025),
  full: guess(15, 0.5),
};

/** Children tried for one capture. Right after a full GC one in eight meets a busy thread of V8, later nearly none. */
const MAX_TRIES = 6;
const FIRST_BACK_OFF_MS = 40;
/** A scan needs a thread of libuv's pool, all of which the service may keep busy. */
const MAX_SCAN_MS = 10_000;
const SIGKILL = 9;
/** The child dies of it when its output is no longer read. */
const SIGPIPE = 13;
/** A longer census is not ours. */
const MAX_CENSUS_CHARACTERS = MIB;
/** What a child takes however small the heap: that of a bare Node.js is 5 MB, and its graph takes ten times that. */
const FLOOR_BYTES = { probe: 12 * MIB, census: 16 * MIB, sampled: 56 * MIB, full: 48 * MIB };

/** Captures in a forked copy of the process, which costs the service the time of one fork(2). */
export class ForkDumper implements HeapDumper {
  readonly name = 'fork';
  readonly levels: readonly CaptureLevel[];
  readonly #binding: NativeBinding;
  readonly #clock: Clock;
  readonly #costs: Readonly<Record<CaptureLevel, LearnedCost>>;

  constructor(binding: NativeBinding, clock: Clock) {
    this.#binding = binding;
    this.#clock = clock;
    this.#costs = {
      probe: new LearnedCost(clock, GUESSES.probe),
      census: new LearnedCost(clock, GUESSES.census),
      sampled: new LearnedCost(clock, GUESSES.sampled),
      full: new LearnedCost(clock, GUESSES.full),
    };
    this.levels = binding.missingSymbol === null ? ['probe', 'census', 'sampled', 'full'] : ['probe', 'full'];
  }

  predict(level: CaptureLevel, heapBytes: number): CostPrediction {
    const predicted = this.#costs[level].predict(heapBytes);
    return { ...predicted, memoryBytes: predicted.memoryBytes + FLOOR_BYTES[level] };
  }

  async dump(order: CaptureOrder): Promise<DumpOutcome> {
    const costs = { pauseMs: 0, peakBytes: 0, cpuSeconds: 0, retries: 0 };
    try {
      for (;;) {
        const { run, census } = await this.#inTurn(order);
        costs.pauseMs = Math.max(costs.pauseMs, run.blockedMs);
        costs.peakBytes = Math.max(costs.peakBytes, run.words.peakBytes, run.verdict.peakBytes);
        costs.cpuSeconds += cpuSecondsOf(run);
        const end = judge(run, order.signal);
        this.#learn(order, run, end.ended);
        if (end.ended === 'done') {
          if (order.level === 'census' && census === null)
            return { ...costs, outcome: 'failure', failure: { cause: 'census-unreadable' } };
          return { ...costs, outcome: 'success', liveBytes: run.words.liveBytes, census };
        }
        if (end.ended === 'failed' || costs.retries + 1 >= MAX_TRIES)
          return { ...costs, outcome: 'failure', failure: end.failure };
        await this.#pause(FIRST_BACK_OFF_MS * 2 ** costs.retries, order.signal);
        costs.retries += 1;
      }
    } catch (error) {
      return { ...costs, outcome: 'failure', failure: failureOf(error, order.signal) };
    }
  }

  /** Threads fork one at a time; another one waits for its turn, some milliseconds. */
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
    const run = await runForkedChild({
      ...order,
      binding: this.#binding,
      clock: this.#clock,
      mappings,
      job: (output) => childJob(this.#binding, order.level, output),
      output: (readFd) => {
        if (order.level === 'census') census = readCensus(readFd);
        else order.receiver.pipe(readFd);
      },
    });
    return { run, census: await census };
  }

  #scan(signal: AbortSignal): Promise<Mappings> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(MAX_SCAN_MS, () =>
        reject(new DumpError({ cause: 'pool-busy', waitedMs: MAX_SCAN_MS })),
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

  /** Ends early when the capture is cancelled, because stopping waits for it. */
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

  /** A child that met a busy thread teaches only its pause; one that failed would have taken at least as much as it did. */
  #learn({ level, heapBytes }: CaptureOrder, run: ChildRun, ended: ChildVerdict['ended']): void {
    const { liveBytes, peakBytes } = run.words;
    const isTypical = ended !== 'unlucky';
    this.#costs[level].learn({
      heapBytes: liveBytes > 0 ? liveBytes : heapBytes,
      pauseMs: run.blockedMs,
      memoryBytes: isTypical
        ? Math.max(0, Math.max(peakBytes, run.verdict.peakBytes) - FLOOR_BYTES[level])
        : null,
      cpuSeconds: isTypical ? cpuSecondsOf(run) : null,
      complete: ended === 'done',
    });
  }
}

interface Attempt {
  readonly run: ChildRun;
  readonly census: readonly ClassCount[] | null;
}

/** If other code collected the child's exit status: its end as the governor saw it. */
function cpuSecondsOf({ end, verdict }: ChildRun): number {
  return end?.cpuSeconds ?? verdict.cpuSeconds;
}

type ChildVerdict =
  | { readonly ended: 'done' }
  /** `unlucky`: another child may succeed. */
  | { readonly ended: 'unlucky' | 'failed'; readonly failure: DumpFailure };

function judge({ end, words, verdict, wrote }: ChildRun, signal: AbortSignal): ChildVerdict {
  const failed = (failure: DumpFailure): ChildVerdict => ({ ended: 'failed', failure });
  // The reader already has its output: another child would come too late.
  const mayRetry = (failure: DumpFailure): ChildVerdict => ({ ended: wrote ? 'failed' : 'unlucky', failure });
  if (signal.aborted) return failed({ cause: 'stopped' });
  if (verdict.killed !== null) return failed(verdict.killed);
  if (end === null) return words.liveBytes > 0 ? { ended: 'done' } : failed({ cause: 'end-lost' });
  if (end.signal > 0 || end.exitCode > CHILD_EXIT.signal) {
    const number = end.signal > 0 ? end.signal : end.exitCode - CHILD_EXIT.signal;
    if (number === SIGPIPE) return failed({ cause: 'reader-gone' });
    // Only an administrator, or the kernel when memory runs out, sends SIGKILL.
    const failure: DumpFailure = { cause: 'child-signal', signal: number };
    return number === SIGKILL ? failed(failure) : mayRetry(failure);
  }
  switch (end.exitCode) {
    case CHILD_EXIT.done:
      return { ended: 'done' };
    case CHILD_EXIT.waited:
      return mayRetry({ cause: 'worker-busy' });
    case CHILD_EXIT.threw:
      return failed({ cause: 'child-threw', message: words.message });
    case CHILD_EXIT.memory:
      return failed({ cause: 'child-memory', peakBytes: words.peakBytes });
    case CHILD_EXIT.time:
      return failed({ cause: 'child-time' });
    case CHILD_EXIT.unable:
      return failed({ cause: 'child-inheritance' });
    default:
      return failed({ cause: 'child-exit', exitCode: end.exitCode });
  }
}

/** Null if incomplete. Read as a pipe, since reading it as a file would hold a thread of libuv's pool. */
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
    // It was written in a copy of the program, which may have changed what JSON.stringify does (toJSON).
    const { classes } = JSON.parse(text) as Partial<CensusMessage>;
    return Array.isArray(classes) && classes.every(isClassCount) ? classes : null;
  } catch {
    return null;
  }
}

function isClassCount(row: Partial<ClassCount> | null): boolean {
  return typeof row?.className === 'string' && Number.isFinite(row.count) && Number.isFinite(row.bytes);
}
