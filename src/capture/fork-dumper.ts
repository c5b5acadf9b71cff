import type { Mappings, NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { MIB } from '../runtime/units.js';
import type { CaptureLevel } from './capture-record.js';
import { CENSUS_END, type CensusMessage, childJob } from './child-job.js';
import { type ChildVerdict, judge } from './child-verdict.js';
import type { ClassCount } from './class-census.js';
import { failureOf } from './dump-failure.js';
import { FIRST_BACK_OFF_MS, ForkTurn, MAX_TRIES } from './fork-turn.js';
import { type ChildRun, runForkedChild } from './forked-child.js';
import type { CaptureOrder, DumpOutcome, HeapDumper } from './heap-dumper.js';
import { type CostPrediction, LearnedCost } from './learned-cost.js';
import { readPipeText } from './pipe-text.js';

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
  readonly #turn: ForkTurn;
  readonly #costs: Readonly<Record<CaptureLevel, LearnedCost>>;

  constructor(binding: NativeBinding, clock: Clock) {
    this.#binding = binding;
    this.#clock = clock;
    this.#turn = new ForkTurn(binding, clock);
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
        const { run, census } = await this.#turn.take(order.signal, (mappings) =>
          this.#attempt(order, mappings),
        );
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
        await this.#turn.pause(FIRST_BACK_OFF_MS * 2 ** costs.retries, order.signal);
        costs.retries += 1;
      }
    } catch (error) {
      return { ...costs, outcome: 'failure', failure: failureOf(error, order.signal) };
    }
  }

  async #attempt(order: CaptureOrder, mappings: Mappings): Promise<Attempt> {
    let census: Promise<readonly ClassCount[] | null> = Promise.resolve(null);
    const run = await runForkedChild({
      ...order,
      binding: this.#binding,
      clock: this.#clock,
      mappings,
      job: (output) => childJob(this.#binding, order.level, output),
      output: (readFd) => {
        if (order.level === 'census') census = readPipeText(readFd, MAX_CENSUS_CHARACTERS).then(parseCensus);
        else order.receiver.pipe(readFd);
      },
    });
    return { run, census: await census };
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

/** Null if incomplete. */
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
