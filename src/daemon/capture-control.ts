import type { AnalysisSuccess } from '../analysis/analysis-outcome.js';
import { type CaptureLevel, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { CaptureContext } from '../findings/verdict/capture-history.js';
import type { ResolvedOptions } from '../options/options.js';
import { keepAlive } from '../runtime/clock.js';
import { say } from '../runtime/say.js';
import {
  type CaptureDecision,
  type CaptureSituation,
  decideCapture,
  decideLook,
  type PredictedCapture,
  type SkipReason,
} from '../trigger/capture-decision.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import { codedDetail, type StateReason, stateDetail } from '../wording/state-text.js';
import { CaptureCost } from './capture-cost.js';
import { CaptureLadder, type CensusStatus, type NextStep } from './capture-ladder.js';
import { CaptureRecords, skippedCapture } from './capture-records.js';
import { type CaptureRun, runCapture } from './capture-run.js';
import { CaptureSeries } from './capture-series.js';
import type { DaemonParts } from './daemon-parts.js';
import type { FindingDesk } from './finding-desk.js';
import { type LiveHeap, risingTrend } from './live-heap.js';

/** Decides when to capture and how deep, runs the captures and records them. */
export class CaptureControl {
  readonly #options: ResolvedOptions;
  readonly #parts: DaemonParts;
  readonly #heap: LiveHeap;
  readonly #desk: FindingDesk;
  readonly #series: CaptureSeries;
  readonly #ladder: CaptureLadder;
  readonly #cost: CaptureCost;
  readonly #records = new CaptureRecords();
  readonly #stopping = new AbortController();
  #capturing: Promise<void> | null = null;
  /** Since when a due capture has been waiting for V8's next full GC, epoch milliseconds. */
  #dueSinceMs: number | null = null;
  #scheduled: CaptureTrigger | null = null;
  /** Why nothing was captured at the latest tick. */
  #why: StateReason;
  #waitsForCpu = false;
  #refusedBefore = false;
  /** Whether a limit forbade the latest capture that was due. */
  #refused = false;
  #probesFail = false;

  constructor(options: ResolvedOptions, parts: DaemonParts, heap: LiveHeap, desk: FindingDesk) {
    const { dumper } = parts.dumper;
    this.#options = options;
    this.#parts = parts;
    this.#heap = heap;
    this.#desk = desk;
    this.#cost = new CaptureCost(dumper, options.rules.captureCpuShare);
    this.#series = new CaptureSeries(options.rules);
    this.#ladder = new CaptureLadder(options.rules, dumper);
    this.#why = { code: 'warming-up', waitMs: options.rules.warmUpMs };
  }

  /** Cancels a running capture and waits until it has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    // It ends in a moment, but nothing that it waits for keeps the program alive meanwhile.
    const hold = keepAlive();
    await this.#capturing;
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
    this.#begin(level, decision.trigger);
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
    if (decision.decision === 'capture') this.#begin('probe', decision.trigger);
  }

  #begin(level: CaptureLevel, trigger: CaptureTrigger): void {
    this.#capturing = this.#capture(level, trigger)
      .catch((error: unknown) => this.#parts.work.record('capture', error))
      .finally(() => {
        this.#capturing = null;
      });
  }

  #situation(level: CaptureLevel, nowMs: number): CaptureSituation {
    const { lastSample: sample, startedAtMs, trends } = this.#heap;
    return {
      nowMs,
      startedAtMs,
      asked: this.#scheduled,
      capturing: this.#capturing !== null,
      predicted: this.#predict(level),
      dumperReason: this.#parts.dumper.reason,
      pauseBudgetMs: this.#options.pauseBudgetMs,
      memoryAvailableBytes: sample?.memoryAvailableBytes ?? null,
      memoryLimitBytes: sample?.memoryLimitBytes ?? null,
      cpuBudget: this.#cost.budgetFor(level),
      trend: risingTrend(trends),
      risesOutside: this.#desk.risesOutside,
      isCensus: level === 'census',
      series: this.#series.situation(this.#desk.followsPath('confirmed')),
    };
  }

  #predict(level: CaptureLevel): PredictedCapture | null {
    const { lastSample, capturedBytes } = this.#heap;
    const isForked = this.#parts.dumper.dumper?.name === 'fork';
    return this.#cost.predict(level, capturedBytes, isForked ? (lastSample?.arrayBuffersBytes ?? 0) : 0);
  }

  #skip(decision: Extract<CaptureDecision, { decision: 'skip' }>, level: CaptureLevel, nowMs: number): void {
    const { why, refused, trigger } = decision;
    this.#why = why;
    // A probe in between changes nothing.
    if (why.code === 'already-capturing') return;
    this.#ladder.follow(nowMs, why.code !== 'no-growth');
    const waitedForCpu = this.#waitsForCpu;
    this.#waitsForCpu = why.code === 'cpu-budget' && !refused;
    if (!refused || trigger === null) {
      // One wait gets one record, however often it is checked.
      if (this.#waitsForCpu && !waitedForCpu) this.#recordSkip(why, level, 'trend', nowMs);
      return;
    }
    this.#scheduled = null;
    this.#series.missed(nowMs);
    this.#refused = true;
    if (!this.#refusedBefore)
      this.#parts.logger.warn(say`a capture was skipped (logged only once): ${stateDetail(why)}`);
    this.#refusedBefore = true;
    this.#recordSkip(why, level, trigger, nowMs);
  }

  #recordSkip(why: SkipReason, level: CaptureLevel, trigger: CaptureTrigger, atMs: number): void {
    const dumper = this.#parts.dumper.dumper?.name ?? 'none';
    const reason = codedDetail(why);
    this.#record(skippedCapture({ atMs, dumper, rung: level, trigger, reason, cause: why.code }));
  }

  async #capture(level: CaptureLevel, trigger: CaptureTrigger): Promise<void> {
    const { clock, work, ownPauses, sites, startAnalysis } = this.#parts;
    const { dumper } = this.#parts.dumper;
    const predicted = this.#predict(level);
    if (dumper === null || predicted === null) return;
    const heapBytes = this.#heap.capturedBytes;
    const context = this.#desk.context;
    if (level === 'probe') this.#ladder.probed(clock.now());
    if (hasGraph(level)) {
      this.#ladder.reset();
      this.#series.began(clock.now());
    }
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
      sites: () => sites.growing(),
      timeoutMs: this.#options.rules.analysisTimeoutMs,
      signal: this.#stopping.signal,
      paused: (fromMs, toMs) => ownPauses.add(fromMs, toMs),
      dumped: ({ liveBytes }) => work.guard('capture', () => this.#heap.captured(liveBytes, clock.now())),
    });
    work.addProcesses(run.record.cpuSeconds);
    this.#cost.record(run, heapBytes, clock.now());
    work.guard('findings', () => this.#judge(run, context));
    this.#record(run.record);
    this.#parts.changed();
  }

  #judge({ record, census, result }: CaptureRun, context: Omit<CaptureContext, 'atMs'>): void {
    const nowMs = this.#parts.clock.now();
    if (record.outcome === 'cancelled') return;
    if (record.outcome !== 'success') this.#failed(record, nowMs);
    else if (census !== null) this.#compare(census, record.atMs);
    else if (result !== null) this.#judgeGraph(result, { ...context, atMs: record.atMs }, nowMs);
    else this.#probesFail = false;
  }

  #judgeGraph(result: AnalysisSuccess, context: CaptureContext, nowMs: number): void {
    this.#series.succeeded(result.series);
    this.#refused = false;
    const grew = this.#desk.judge(result, context);
    if (grew !== null)
      this.#series.judged(nowMs, grew, this.#desk.followsPath('confirmed', 'suspected', 'plateaued'));
  }

  /** A cause that makes a probe fail usually makes the next one fail a minute later: it is logged once, and delays no graph. */
  #failed({ rung: level, outcome, reason }: CaptureRecord, nowMs: number): void {
    this.#parts.work.count(outcome === 'dump-failed' ? 'capture' : 'analysis');
    const said = level === 'probe' && this.#probesFail;
    const about = hasGraph(level) ? '' : ` (${level})`;
    const message = say`capture ${outcome}: ${reason ?? ''}${about}`;
    this.#parts.logger[said ? 'debug' : 'warn'](message);
    if (level === 'probe') this.#probesFail = true;
    else this.#series.missed(nowMs);
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
