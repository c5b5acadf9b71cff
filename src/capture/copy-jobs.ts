import { type BindingChoice, loadBinding, type NativeBinding } from '../native/binding.js';
import { type Clock, keepAlive, pause } from '../runtime/clock.js';
import { MIB } from '../runtime/units.js';
import { writeAll } from './child-job.js';
import { judge } from './child-verdict.js';
import { type DumpFailure, failureOf } from './dump-failure.js';
import { FIRST_BACK_OFF_MS, ForkTurn } from './fork-turn.js';
import { childIsRunning, runForkedChild } from './forked-child.js';
import { LearnedCost } from './learned-cost.js';
import { readPipeText } from './pipe-text.js';

export interface CopyJob {
  /** Runs in the copy, without an event loop and without other threads; its result is sent back. */
  readonly run: () => string;
  /** How long it may run, milliseconds. */
  readonly limitMs: number;
  /** The memory that it may take, bytes. */
  readonly mostBytes: number;
  /** Of its result: a longer one is not read to the end, and so is a failure. */
  readonly mostCharacters: number;
}

export type CopyEnd =
  | { readonly ended: 'result'; readonly text: string; readonly pausedMs: number }
  | { readonly ended: 'failure'; readonly failure: DumpFailure; readonly pausedMs: number }
  | { readonly ended: 'refused'; readonly why: CopyRefusal };

/** Why nothing was forked. */
export type CopyRefusal =
  | { readonly cause: 'no-addon'; readonly reason: string }
  | { readonly cause: 'capturing' }
  | {
      readonly cause: 'pause';
      readonly predictedMs: number;
      readonly heapBytes: number;
      readonly limitMs: number;
    }
  | {
      readonly cause: 'memory';
      readonly availableBytes: number;
      readonly neededBytes: number;
    };

/** A port: short jobs in copies of this process, which change nothing in it, whatever they do. One at a time. */
export interface CopyJobs {
  run(job: CopyJob): Promise<CopyEnd>;
}

export interface CopyJobsParts {
  readonly clock: Clock;
  readonly pauseBudgetMs: number;
  /** Used heap, bytes. */
  usedBytes(): number;
  /** Whether another child is running, that of a capture; for tests. */
  readonly capturing?: () => boolean;
  /** As in `CaptureOrder`. */
  paused(fromMs: number, toMs: number): void;
  readonly load?: () => BindingChoice;
}

/** See the guesses of captures. */
const GUESS = { pauseMsPerByte: 0.1 / MIB, memoryPerByte: 0, cpuSecondsPerByte: 0 };
/** Pages that the service writes to while there is a copy. */
const CONCURRENT_BYTES = 32 * MIB;
/** Somebody waits for it, so it is not left to the times when no one else needs the core. */
const NICENESS = 10;
/** One child at a time: a capture's is waited for, 5 s. */
const LOOK_MS = 50;
const MAX_LOOKS = 100;
/** Each try stops the service once. */
const MAX_TRIES = 3;
/** Marks the end of the result, so that half of one is not taken for a whole. */
const RESULT_END = '\n';

/** Jobs in forked copies, by the addon. */
export class ForkedCopyJobs implements CopyJobs {
  readonly #parts: CopyJobsParts;
  readonly #choice: BindingChoice;
  readonly #pauses: LearnedCost;

  constructor(parts: CopyJobsParts) {
    this.#parts = parts;
    this.#choice = (parts.load ?? loadBinding)();
    this.#pauses = new LearnedCost(parts.clock, GUESS);
  }

  async run(job: CopyJob): Promise<CopyEnd> {
    const { binding, reason } = this.#choice;
    if (binding === null) return { ended: 'refused', why: { cause: 'no-addon', reason } };
    // Nothing else that it waits for keeps the program alive.
    const hold = keepAlive();
    try {
      const why = await this.#refusal();
      if (why !== null) return { ended: 'refused', why };
      return await this.#tried(binding, job);
    } finally {
      hold.cancel();
    }
  }

  async #refusal(): Promise<CopyRefusal | null> {
    const { pauseBudgetMs, capturing = childIsRunning, usedBytes } = this.#parts;
    for (let looks = 0; capturing(); looks += 1) {
      if (looks === MAX_LOOKS) return { cause: 'capturing' };
      await pause(LOOK_MS);
    }
    const heapBytes = usedBytes();
    const predictedMs = this.#pauses.predict(heapBytes).pauseMs;
    if (predictedMs <= pauseBudgetMs) return null;
    return { cause: 'pause', predictedMs, heapBytes, limitMs: pauseBudgetMs };
  }

  async #tried(binding: NativeBinding, job: CopyJob): Promise<CopyEnd> {
    const { clock } = this.#parts;
    const { signal } = new AbortController();
    const turn = new ForkTurn(binding, clock);
    let pausedMs = 0;
    try {
      for (let tries = 1; ; tries += 1) {
        const { run, text } = await this.#forked(binding, turn, job, signal);
        pausedMs += run.blockedMs;
        const verdict = judge(run, signal);
        if (verdict.ended === 'unlucky' && tries < MAX_TRIES) {
          await turn.pause(FIRST_BACK_OFF_MS * 2 ** (tries - 1), signal);
          continue;
        }
        // Its exit status may have gone to other code in the process; a whole result is one all the same.
        if (text.endsWith(RESULT_END))
          return { ended: 'result', text: text.slice(0, -RESULT_END.length), pausedMs };
        if (verdict.ended === 'done') return { ended: 'failure', failure: { cause: 'end-lost' }, pausedMs };
        return { ended: 'failure', failure: verdict.failure, pausedMs };
      }
    } catch (error) {
      const failure = failureOf(error, signal);
      if (failure.cause !== 'no-memory-headroom') return { ended: 'failure', failure, pausedMs };
      const { availableBytes, concurrentBytes, reserveBytes } = failure;
      const neededBytes = concurrentBytes + reserveBytes;
      return { ended: 'refused', why: { cause: 'memory', availableBytes, neededBytes } };
    }
  }

  async #forked(binding: NativeBinding, turn: ForkTurn, job: CopyJob, signal: AbortSignal) {
    const { clock, paused, usedBytes } = this.#parts;
    const heapBytes = usedBytes();
    let text = Promise.resolve('');
    const run = await turn.take(signal, (mappings) =>
      runForkedChild({
        binding,
        clock,
        mappings,
        signal,
        paused,
        concurrentBytes: CONCURRENT_BYTES,
        mostBytes: job.mostBytes,
        niceness: NICENESS,
        sealed: true,
        timeoutMs: job.limitMs,
        job: (output) => () => writeAll(output, job.run() + RESULT_END),
        output: (readFd) => {
          text = readPipeText(readFd, job.mostCharacters);
        },
      }),
    );
    this.#pauses.learn({
      heapBytes,
      pauseMs: run.blockedMs,
      memoryBytes: null,
      cpuSeconds: null,
      complete: true,
    });
    return { run, text: await text };
  }
}
