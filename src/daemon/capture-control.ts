import type { AnalysisSuccess } from '../analysis/analysis-outcome.js';
import { type CaptureLevel, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { CaptureContext } from '../findings/verdict/capture-history.js';
import type { ResolvedOptions } from '../options/options.js';
import { eitherAborted, settledOrAborted } from '../runtime/abort.js';
import { keepAlive } from '../runtime/clock.js';
import {
  type CaptureDecision,
  type CaptureSituation,
  decideCapture,
  decideLook,
  type SkipReason,
} from '../trigger/capture-decision.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import type { StateReason } from '../wording/state-text.js';
import { CaptureCost } from './capture-cost.js';
import type { Demanded, DemandOrder, RunningCapture } from './capture-demand.js';
import { CaptureLadder, type CensusStatus, type NextStep } from './capture-ladder.js';
import { CaptureOutlook } from './capture-outlook.js';
import { CaptureProblems } from './capture-problems.js';
import { CaptureRecords } from './capture-records.js';
import { type CaptureRun, runCapture } from './capture-run.js';
import { CaptureSeries } from './capture-series.js';
import type { DaemonParts } from './daemon-parts.js';
import type { FindingDesk } from './finding-desk.js';
import type { LiveHeap } from './live-heap.js';

/** Decides when to capture and how deep, runs the captures and records them. */
export class CaptureControl {
  readonly #options: ResolvedOptions;
  readonly #parts: DaemonParts;
  readonly #heap: LiveHeap;
  readonly #desk: FindingDesk;
  readonly #series: CaptureSeries;
  readonly #ladder: CaptureLadder;
  readonly #cost: CaptureCost;
  readonly #outlook: CaptureOutlook;
  readonly #problems: CaptureProblems;
  readonly #records = new CaptureRecords();
  readonly #stopping = new AbortController();
  #running: RunningCapture | null = null;
  /** Since when a due capture has been waiting for V8's next full GC, epoch milliseconds. */
  #dueSinceMs: number | null = null;
  #scheduled: CaptureTrigger | null = null;
  /** Why nothing was captured at the latest tick. */
  #why: StateReason;
  /** Whether a limit forbade the latest capture that was due. */
  #refused = false;

  constructor(options: ResolvedOptions, parts: DaemonParts, heap: LiveHeap, desk: FindingDesk) {
    const { dumper } = parts.dumper;
    this.#options = options;
    this.#parts = parts;
    this.#heap = heap;
    this.#desk = desk;
    this.#cost = new CaptureCost(dumper, options.rules.captureCpuShare);
    this.#outlook = new CaptureOutlook(options, parts, heap, desk, this.#cost);
    this.#series = new CaptureSeries(options.rules);
    this.#ladder = new CaptureLadder(options.rules, dumper);
    this.#problems = new CaptureProblems(parts, (record) => this.#record(record));
    this.#why = { code: 'warming-up', waitMs: options.rules.warmUpMs };
  }

  /** Cancels a running capture and waits until it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // It ends in a moment, but nothing that it waits for keeps the program alive meanwhile.
    const hold = keepAlive();
    await this.#running?.ended;
    hold.cancel();
  }

  get why(): StateReason {
    return this.#why;
  }

  /** Whether no capture can be taken, for lack of a dumper or because of a limit. */
  get blind(): boolean {
    return this.#parts.dumper.dumper === null || this.#refused;
  }

  /** The latest captures, newest last. */
  get records(): readonly CaptureRecord[] {
    return this.#records.list();
  }

  get census(): CensusStatus | null {
    return this.#ladder.census;
  }

  /** Captures a graph at the next tick, growth or not, within the limits. */
  ask(trigger: CaptureTrigger): void {
    this.#scheduled = trigger;
  }

  get capturing(): boolean {
    return this.#running !== null;
  }

  /** Why no graph can be captured on demand now; null: one can. A running capture is no reason, since `demand` waits for it. */
  refusal(): SkipReason | null {
    const decision = this.#decideOnDemand();
    return decision.decision === 'skip' ? decision.why : null;
  }

  /**
   * Captures a graph now, growth or not, within the limits of pause and memory, or shares the graph that is being captured.
   * It becomes part of the running series, or begins one.
   */
  async demand(order: DemandOrder): Promise<Demanded> {
    const { signal } = order;
    while (this.#running !== null && !signal.aborted) {
      const { level, ended } = this.#running;
      const run = await settledOrAborted(ended, signal);
      if (hasGraph(level) && run?.record.outcome === 'success') return { outcome: 'captured', run };
    }
    if (signal.aborted) return { outcome: 'cancelled', run: null };
    const decision = this.#decideOnDemand();
    if (decision.decision === 'skip') {
      this.#problems.record(decision.why, this.#ladder.graphLevel, 'demand', this.#parts.clock.now());
      return { outcome: 'refused', why: decision.why };
    }
    const run = await this.#begin(this.#ladder.graphLevel, 'demand', order);
    if (signal.aborted) return { outcome: 'cancelled', run };
    return run === null ? { outcome: 'failed' } : { outcome: 'captured', run };
  }

  /** To be called after the last of some demands: what the heap did while the program started must not count later. */
  demandsEnded(): void {
    const warmMs = this.#heap.startedAtMs + this.#options.rules.warmUpMs;
    if (this.#parts.clock.now() < warmMs) this.#series.restart();
  }

  onFullGc(): void {
    if (this.#dueSinceMs !== null) this.#captureIfDecided(true);
  }

  onTick(): void {
    this.#captureIfDecided(false);
  }

  /** Captures now if a capture is due and allowed: right after V8's full GC, or if none came for a while. */
  #captureIfDecided(afterFullGc: boolean): void {
    const nowMs = this.#parts.clock.now();
    const { level, notBeforeMs } = this.#nextStep(nowMs);
    const decision = decideCapture(this.#situation(level, nowMs), this.#options.rules);
    if (decision.decision === 'skip' || notBeforeMs !== null) {
      this.#dueSinceMs = null;
      if (decision.decision === 'skip') this.#skip(decision, level, nowMs);
      else this.#why = { code: 'census', waitMs: (notBeforeMs ?? nowMs) - nowMs };
      this.#probeIfDue(nowMs);
      return;
    }
    this.#ladder.follow(nowMs, true);
    this.#dueSinceMs ??= nowMs;
    if (!afterFullGc && nowMs - this.#dueSinceMs < this.#options.rules.majorGcWaitMs) return;
    this.#dueSinceMs = null;
    this.#scheduled = null;
    void this.#begin(level, decision.trigger);
  }

  /** A graph if one was requested or a series is running; otherwise the level that the growth has reached. */
  #nextStep(nowMs: number): NextStep {
    // A census does not show growth outside the heap.
    const needsGraph = this.#scheduled !== null || this.#desk.risesOutside;
    return needsGraph || this.#series.situation(false).captures > 0
      ? { level: this.#ladder.graphLevel, notBeforeMs: null }
      : this.#ladder.next(nowMs);
  }

  /** The trend of the live heap needs points, and V8's next full GC may be minutes away. */
  #probeIfDue(nowMs: number): void {
    const { live, capturedBytes } = this.#heap;
    if (!this.#ladder.probeDue(nowMs, live?.atMs ?? null, capturedBytes)) return;
    const decision = decideLook(this.#situation('probe', nowMs), this.#options.rules);
    if (decision.decision === 'capture') void this.#begin('probe', decision.trigger);
  }

  #decideOnDemand(): CaptureDecision {
    const situation = this.#situation(this.#ladder.graphLevel, this.#parts.clock.now());
    return decideCapture({ ...situation, asked: 'demand', capturing: false }, this.#options.rules);
  }

  #begin(level: CaptureLevel, trigger: CaptureTrigger, order?: DemandOrder): Promise<CaptureRun | null> {
    const ended = this.#capture(level, trigger, order)
      .catch((error: unknown) => {
        this.#parts.work.record('capture', error);
        return null;
      })
      .finally(() => {
        this.#running = null;
      });
    this.#running = { level, ended };
    return ended;
  }

  #situation(level: CaptureLevel, nowMs: number): CaptureSituation {
    return this.#outlook.situation(level, {
      nowMs,
      asked: this.#scheduled,
      capturing: this.#running !== null,
      series: this.#series.situation(this.#desk.followsPath('confirmed')),
    });
  }

  #skip(decision: Extract<CaptureDecision, { decision: 'skip' }>, level: CaptureLevel, nowMs: number): void {
    const { why, refused, trigger } = decision;
    this.#why = why;
    // A probe in between changes nothing.
    if (why.code === 'already-capturing') return;
    this.#ladder.follow(nowMs, why.code !== 'no-growth');
    if (refused && trigger !== null) {
      this.#scheduled = null;
      this.#series.missed(nowMs);
      this.#refused = true;
    }
    this.#problems.skipped(decision, level, nowMs);
  }

  async #capture(
    level: CaptureLevel,
    trigger: CaptureTrigger,
    order?: DemandOrder,
  ): Promise<CaptureRun | null> {
    const { clock, work, ownPauses, sites, startAnalysis } = this.#parts;
    const { dumper } = this.#parts.dumper;
    const predicted = this.#outlook.predict(level);
    if (dumper === null || predicted === null) return null;
    const heapBytes = this.#heap.capturedBytes;
    const context = this.#desk.context;
    if (level === 'probe') this.#ladder.probed(clock.now());
    if (hasGraph(level)) {
      this.#ladder.reset();
      this.#series.began(clock.now(), clock.monotonicMs());
    }
    const cancelled = eitherAborted(this.#stopping.signal, order?.signal ?? null);
    const run = await runCapture({
      dumper,
      startAnalysis,
      clock,
      level,
      trigger,
      heapBytes,
      concurrentBytes: predicted.concurrentBytes,
      niceness: this.#options.rules.niceness,
      previous: this.#series.memory,
      clockStepMs: this.#series.clockStepMs,
      sites: () => sites.growing(),
      timeoutMs: this.#options.rules.analysisTimeoutMs,
      signal: cancelled.signal,
      paused: (fromMs, toMs) => ownPauses.add(fromMs, toMs),
      dumped: ({ liveBytes }) => {
        work.guard('capture', () => this.#heap.captured(liveBytes, clock.now()));
        order?.dumped();
      },
    });
    cancelled.release();
    work.addProcesses(run.record.cpuSeconds);
    this.#cost.record(run, heapBytes, clock.now());
    work.guard('findings', () => this.#judge(run, context));
    this.#record(run.record);
    this.#parts.changed();
    return run;
  }

  #judge({ record, census, result }: CaptureRun, context: Omit<CaptureContext, 'atMs'>): void {
    if (record.outcome === 'cancelled') {
      if (hasGraph(record.rung)) this.#series.withdrawn();
    } else if (record.outcome !== 'success') {
      this.#problems.failed(record);
      // A failed probe delays no graph.
      if (record.rung !== 'probe') this.#series.missed(this.#parts.clock.now());
    } else if (census !== null) this.#compare(census, record.atMs);
    else if (result !== null) this.#judgeGraph(result, { ...context, atMs: record.atMs }, record.trigger);
    else this.#problems.probeWorked();
  }

  #judgeGraph(result: AnalysisSuccess, context: CaptureContext, trigger: CaptureTrigger): void {
    const { clockStepMs } = this.#series;
    this.#series.succeeded(result.series);
    this.#refused = false;
    const grew = this.#desk.judge(result, context, clockStepMs);
    // More graphs may be demanded, to be compared with this one: only the watcher's own capture ends a series.
    const open = trigger === 'demand' || this.#desk.followsPath('confirmed', 'suspected', 'plateaued');
    if (grew !== null) this.#series.judged(this.#parts.clock.now(), grew, open);
  }

  #compare(classes: readonly ClassCount[], atMs: number): void {
    if (this.#ladder.counted({ atMs, liveBytes: this.#heap.bytes, classes })) return;
    this.#ladder.reset();
    this.#series.callOff(this.#parts.clock.now());
  }

  #record(record: CaptureRecord): void {
    this.#records.add(record);
    this.#parts.events.emit('capture', record);
  }
}
