import type { Mappings, NativeBinding } from '../native/binding.js';
import type { Clock } from '../runtime/clock.js';
import { MIB } from '../runtime/units.js';
import { type CaptureLevel, hasGraph } from './capture-record.js';
import { CENSUS_END, type CensusMessage, childJob } from './child-job.js';
import { type ChildVerdict, judge } from './child-verdict.js';
import type { ClassCount } from './class-census.js';
import { failureOf } from './dump-failure.js';
import { FIRST_BACK_OFF_MS, ForkTurn, MAX_TRIES } from './fork-turn.js';
import { allotmentNow, type ChildRun, runForkedChild } from './forked-child.js';
import type { GraphSource, GraphWriter } from './graph-source.js';
import { GraphWriters, rootsOf } from './graph-writer.js';
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
/**
 * Of the native writer of full graphs. Measured with its full GC: 10 ms of CPU a MB and 0.2 times the heap, besides the
 * floor. But a GC of a busy heap may copy as much as it likes: 0.7 times the heap was seen.
 */
const NATIVE_GUESS = guess(0.7, 0.03);

/** A longer census is not ours. */
const MAX_CENSUS_CHARACTERS = MIB;
/** What a child takes however small the heap: that of a bare Node.js is 5 MB, and its graph takes ten times that. */
const FLOOR_BYTES = { probe: 12 * MIB, census: 16 * MIB, sampled: 56 * MIB, full: 48 * MIB };
const NATIVE_FLOOR_BYTES = 32 * MIB;

/** Captures in a forked copy of the process, which costs the service the time of one fork(2). */
export class ForkDumper implements HeapDumper {
  readonly name = 'fork';
  readonly levels: readonly CaptureLevel[];
  readonly #binding: NativeBinding;
  readonly #clock: Clock;
  readonly #turn: ForkTurn;
  readonly #costs: Readonly<Record<CaptureLevel | 'native', LearnedCost>>;
  readonly #writers: GraphWriters;

  constructor(binding: NativeBinding, clock: Clock) {
    this.#binding = binding;
    this.#clock = clock;
    this.#turn = new ForkTurn(binding, clock);
    this.#costs = {
      probe: new LearnedCost(clock, GUESSES.probe),
      census: new LearnedCost(clock, GUESSES.census),
      sampled: new LearnedCost(clock, GUESSES.sampled),
      full: new LearnedCost(clock, GUESSES.full),
      native: new LearnedCost(clock, NATIVE_GUESS),
    };
    this.#writers = new GraphWriters(binding);
    this.levels = binding.missingSymbol === null ? ['probe', 'census', 'sampled', 'full'] : ['probe', 'full'];
  }

  predict(level: CaptureLevel, heapBytes: number): CostPrediction {
    return this.#predict(level === 'full' && this.#writers.refusal === null ? 'native' : level, heapBytes);
  }

  #predict(kind: CaptureLevel | 'native', heapBytes: number): CostPrediction {
    const predicted = this.#costs[kind].predict(heapBytes);
    return { ...predicted, memoryBytes: predicted.memoryBytes + floorOf(kind) };
  }

  async dump(order: CaptureOrder): Promise<DumpOutcome> {
    const costs = {
      pauseMs: 0,
      peakBytes: 0,
      cpuSeconds: 0,
      retries: 0,
      graph: V8_GRAPH as GraphSource | null,
    };
    try {
      costs.graph = await this.#writerFor(order);
      for (;;) {
        const writer = costs.graph?.writer ?? 'v8';
        const { run, census } = await this.#turn.take(order.signal, (mappings) =>
          this.#attempt(order, mappings, writer),
        );
        costs.pauseMs = Math.max(costs.pauseMs, run.blockedMs);
        costs.peakBytes = Math.max(costs.peakBytes, run.words.peakBytes, run.verdict.peakBytes);
        costs.cpuSeconds += cpuSecondsOf(run);
        const end = judge(run, order.signal);
        this.#learn(order, run, end.ended, writer);
        const refusal = writer === 'native' ? this.#writers.ended(run) : null;
        if (end.ended === 'done') {
          if (order.level === 'census' && census === null)
            return { ...costs, outcome: 'failure', failure: { cause: 'census-unreadable' } };
          if (writer === 'native') costs.graph = { writer, roots: rootsOf(run) };
          return { ...costs, outcome: 'success', liveBytes: run.words.liveBytes, census };
        }
        if (refusal !== null && !run.wrote && this.#fitsV8(order)) {
          costs.graph = { writer: 'v8', refusal };
          costs.retries += 1;
          continue;
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

  /** A full graph is written by the addon, if this V8 is one that it knows. */
  async #writerFor({ level, signal }: CaptureOrder): Promise<GraphSource | null> {
    if (!hasGraph(level)) return null;
    if (level !== 'full') return V8_GRAPH;
    const refusal = await this.#turn.onPool(signal, () => this.#writers.prepare());
    return refusal === null ? { writer: 'native', roots: null } : { writer: 'v8', refusal };
  }

  /** V8's generator takes twenty times the memory: it need not begin what the governor will end. */
  #fitsV8({ heapBytes, concurrentBytes }: CaptureOrder): boolean {
    return this.#predict('full', heapBytes).memoryBytes <= allotmentNow(concurrentBytes);
  }

  async #attempt(order: CaptureOrder, mappings: Mappings, writer: GraphWriter): Promise<Attempt> {
    let census: Promise<readonly ClassCount[] | null> = Promise.resolve(null);
    const run = await runForkedChild({
      ...order,
      binding: this.#binding,
      clock: this.#clock,
      mappings,
      job: (output) => childJob(this.#binding, order.level, output, writer),
      output: (readFd) => {
        if (order.level === 'census') census = readPipeText(readFd, MAX_CENSUS_CHARACTERS).then(parseCensus);
        else order.receiver.pipe(readFd);
      },
    });
    return { run, census: await census };
  }

  /** A child that met a busy thread teaches only its pause; one that failed would have taken at least as much as it did. */
  #learn(
    { level, heapBytes }: CaptureOrder,
    run: ChildRun,
    ended: ChildVerdict['ended'],
    writer: GraphWriter,
  ): void {
    const kind = level === 'full' && writer === 'native' ? 'native' : level;
    const { liveBytes, peakBytes } = run.words;
    const isTypical = ended !== 'unlucky';
    this.#costs[kind].learn({
      heapBytes: liveBytes > 0 ? liveBytes : heapBytes,
      pauseMs: run.blockedMs,
      memoryBytes: isTypical ? Math.max(0, Math.max(peakBytes, run.verdict.peakBytes) - floorOf(kind)) : null,
      cpuSeconds: isTypical ? cpuSecondsOf(run) : null,
      complete: ended === 'done',
    });
  }
}

/** V8's generator, where nothing else was meant to write. */
const V8_GRAPH: GraphSource = { writer: 'v8', refusal: null };

function floorOf(kind: CaptureLevel | 'native'): number {
  return kind === 'native' ? NATIVE_FLOOR_BYTES : FLOOR_BYTES[kind];
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
