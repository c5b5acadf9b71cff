import { EventEmitter } from 'node:events';
import type { CaptureRecord, CaptureTrigger, Rung } from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { ChosenDumper, DumpSuccess, HeapDumper } from '../capture/heap-dumper.js';
import type { FindingStatus } from '../findings/finding.js';
import { FindingLedger } from '../findings/ledger.js';
import type { ResolvedOptions } from '../options.js';
import type { WatcherState } from '../report/report.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { GcEvent, GcSource } from '../sampling/gc-source.js';
import type { HeapReader } from '../sampling/heap-reader.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import type { SampleWindow } from '../sampling/sample-window.js';
import { reachableLimit, type TimeToLimit, timeToLimit } from '../trend/time-to-limit.js';
import { judgeTrend, type TrendVerdict } from '../trend/trend-verdict.js';
import {
  type CaptureDecision,
  type CaptureSituation,
  decideCapture,
  decideLook,
  type PredictedCapture,
} from '../trigger/capture-decision.js';
import { CpuBudget } from '../trigger/cpu-budget.js';
import type { StartAnalysis } from './analysis-client.js';
import { CaptureLadder } from './capture-ladder.js';
import { CaptureRecords, skippedCapture } from './capture-records.js';
import { type CaptureRun, runCapture } from './capture-run.js';
import { CaptureSeries } from './capture-series.js';
import { CostMeter } from './cost-meter.js';
import {
  type DaemonStatus,
  ERROR_STAGES,
  type ErrorStage,
  TREND_WINDOWS,
  type WatcherEvents,
} from './daemon-status.js';
import type { OwnPauses } from './own-pauses.js';
import type { Job } from './schedule.js';

/** An analysis process that has read nothing yet, bytes, beside what it shares with the service; and what it takes for each byte of the heap it reads. */
const GUESSED_ANALYSIS_BYTES = 48 * 2 ** 20;
/** What the memory of a process that reads a small snapshot is, what it shares included, bytes. */
const EMPTY_ANALYSIS_BYTES = 80 * 2 ** 20;
const GUESSED_ANALYSIS_SECONDS = 1;
const ANALYSIS_PER_BYTE: Readonly<Record<Rung, number>> = { probe: 0, census: 0, sampled: 0.1, full: 1 };

/** Everything the daemon touches the world through. */
export interface DaemonAdapters {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gcSource: GcSource;
  readonly reader: HeapReader;
  readonly window: SampleWindow;
  readonly dumper: ChosenDumper;
  readonly startAnalysis: StartAnalysis;
  readonly ownPauses: OwnPauses;
  /** The state directory: `keep` puts the present report there, `prune` takes old files out. Both may throw. */
  readonly store: { keep(): void; prune(): void };
}

/** The background watcher: samples at GC cycles and on a timer, decides when a capture pays, and keeps the findings. */
export class Daemon extends EventEmitter<WatcherEvents> {
  /** The background work that is to be done on a schedule, between `start()` and `stop()`. */
  readonly jobs: readonly Job[];
  readonly #options: ResolvedOptions;
  readonly #adapters: DaemonAdapters;
  readonly #series: CaptureSeries;
  readonly #ledger: FindingLedger;
  readonly #cost: CostMeter;
  readonly #cpuBudget: CpuBudget;
  readonly #stopping = new AbortController();
  readonly #errors = Object.fromEntries(ERROR_STAGES.map((stage) => [stage, 0])) as Record<
    ErrorStage,
    number
  >;
  readonly #ladder: CaptureLadder;
  readonly #records = new CaptureRecords();
  #startedAtMs = 0;
  #samples = 0;
  #state: WatcherState = 'starting';
  #reason = 'not started';
  #lastSample: HeapSample | null = null;
  #live: { bytes: number; atMs: number } | null = null;
  #trends: DaemonStatus['trends'];
  #capturing: Promise<void> | null = null;
  /** Since when a capture is due and waits for V8's next full collection, epoch milliseconds. */
  #dueSinceMs: number | null = null;
  /** The most that an analysis took for each byte of heap, by rung. */
  readonly #analysisPerByte = { ...ANALYSIS_PER_BYTE };
  #refusedBefore = false;
  #scheduled: CaptureTrigger | null = null;

  constructor(options: ResolvedOptions, adapters: DaemonAdapters) {
    super();
    this.#options = options;
    this.#cost = new CostMeter(adapters.clock);
    this.#cpuBudget = new CpuBudget(options.rules.captureCpuShare);
    this.#adapters = adapters;
    this.#series = new CaptureSeries(options.rules);
    this.#ladder = new CaptureLadder(options.rules, adapters.dumper.dumper);
    this.#ledger = new FindingLedger(options.rules.finding);
    this.#trends = this.#judgeTrends(0);
    const { sample, capture, prune } = options.schedule;
    this.jobs = [
      { name: 'sample' as const, cron: sample, run: () => this.#guard('sampling', () => this.#onTick()) },
      { name: 'prune' as const, cron: prune, run: () => this.#guard('store', () => adapters.store.prune()) },
      ...(capture === null
        ? []
        : [{ name: 'capture' as const, cron: capture, run: () => this.#askFor('schedule') }]),
    ];
  }

  start(): void {
    const { clock, gcSource } = this.#adapters;
    this.#startedAtMs = clock.now();
    gcSource.start((events) => this.#guard('sampling', () => this.#onGc(events)));
    this.#guard('sampling', () => this.#keep(this.#adapters.reader.onTick()));
    this.#enter('learning', 'warming up');
  }

  /** Ends all background work and waits until a running capture has let go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#adapters.gcSource.stop();
    await this.#capturing;
    this.removeAllListeners();
  }

  status(): DaemonStatus {
    const { gcSource, dumper } = this.#adapters;
    const lastSample = this.#lastSample;
    return {
      state: this.#state,
      reason: this.#reason,
      pace: this.#options.pace,
      gcSource: { name: gcSource.name, reason: gcSource.reason },
      dumper: { name: dumper.dumper?.name ?? 'none', reason: dumper.reason },
      startedAtMs: this.#startedAtMs,
      lastSample,
      live: this.#live,
      samples: this.#samples,
      errors: { ...this.#errors },
      cpuSeconds: this.#cost.cpuSeconds,
      trends: this.#trends,
      timeToLimit: lastSample === null ? null : this.#timeToLimit(lastSample),
      findings: this.#ledger.findings,
      captures: this.#records.list(),
      census: this.#ladder.census,
    };
  }

  #onGc(events: readonly GcEvent[]): void {
    let fullCollection = false;
    for (const sample of this.#adapters.reader.afterGc(events)) {
      this.#keep(sample);
      if (sample.gc?.kind !== 'major' || sample.gc.own) continue;
      fullCollection = true;
      if (sample.exact) this.#live = { bytes: sample.usedBytes, atMs: sample.atMs };
    }
    if (fullCollection && this.#dueSinceMs !== null) this.#captureIfDecided(true);
  }

  #onTick(): void {
    const { clock, reader } = this.#adapters;
    this.#keep(reader.onTick());
    this.#guard('trend', () => {
      this.#trends = this.#judgeTrends(clock.now());
    });
    this.#captureIfDecided(false);
    this.#settleState();
  }

  #keep(sample: HeapSample): void {
    this.#lastSample = sample;
    this.#samples += 1;
    this.#adapters.window.add(sample);
    this.#tell('sample', sample);
  }

  #judgeTrends(nowMs: number): DaemonStatus['trends'] {
    const { windowsMs, trend } = this.#options.rules;
    const { window } = this.#adapters;
    const judge = (windowMs: number) => {
      // What a program loads and fills while it starts is no trend.
      const since = Math.max(nowMs - windowMs, this.#startedAtMs + this.#options.rules.warmUpMs / 2);
      const points = {
        capture: window.points('capture', since),
        'major-gc': window.points('major-gc', since),
        'upper-bound': window.points('upper-bound', since),
      };
      return judgeTrend(points, trend);
    };
    return Object.fromEntries(TREND_WINDOWS.map((name) => [name, judge(windowsMs[name])])) as Record<
      (typeof TREND_WINDOWS)[number],
      TrendVerdict
    >;
  }

  #askFor(trigger: CaptureTrigger): void {
    this.#scheduled = trigger;
  }

  /** Captures now, if it pays and is allowed; after a full collection by V8 at once, otherwise when none came for a while. */
  #captureIfDecided(afterFullCollection: boolean): void {
    const nowMs = this.#adapters.clock.now();
    const decision = decideCapture(this.#situation(this.#ladder.graphRung, nowMs), this.#options.rules);
    const rung = decision.decision === 'capture' ? this.#rungFor(decision.trigger, nowMs) : null;
    if (decision.decision === 'skip' || rung === null) {
      this.#dueSinceMs = null;
      if (decision.decision === 'skip') this.#skip(decision, nowMs);
      this.#probeIfDue(nowMs);
      return;
    }
    this.#dueSinceMs ??= nowMs;
    if (!afterFullCollection && nowMs - this.#dueSinceMs < this.#options.rules.majorGcWaitMs) return;
    this.#dueSinceMs = null;
    this.#scheduled = null;
    this.#begin(rung, decision.trigger);
  }

  /** Null while the next census is waited for. */
  #rungFor(trigger: CaptureTrigger, nowMs: number): Rung | null {
    if (trigger !== 'trend' || this.#series.situation(false).captures > 0) return this.#ladder.graphRung;
    const next = this.#ladder.next(nowMs);
    if (next.rung === 'graph') return this.#ladder.graphRung;
    if (next.rung === 'census') return 'census';
    const seconds = Math.round((next.untilMs - nowMs) / 1000);
    this.#why = `census: the heap grows; its classes are counted again in ${seconds} s`;
    return null;
  }

  /** The trend of the live heap needs points, and V8 may not collect fully for minutes. */
  #probeIfDue(nowMs: number): void {
    if (!this.#ladder.probeDue(nowMs, this.#live?.atMs ?? null, this.#heapBytes())) return;
    const decision = decideLook(this.#situation('probe', nowMs), this.#options.rules);
    if (decision.decision === 'capture') this.#begin('probe', decision.trigger);
  }

  #begin(rung: Rung, trigger: CaptureTrigger): void {
    this.#capturing = this.#capture(rung, trigger)
      .catch((error: unknown) => this.#fault('capture', error))
      .finally(() => {
        this.#capturing = null;
      });
  }

  #situation(rung: Rung, nowMs: number): CaptureSituation {
    const { dumper } = this.#adapters;
    const sample = this.#lastSample;
    return {
      nowMs,
      startedAtMs: this.#startedAtMs,
      asked: this.#scheduled,
      capturing: this.#capturing !== null,
      predicted: dumper.dumper === null ? null : this.#predict(dumper.dumper, rung),
      dumperReason: dumper.reason,
      pauseBudgetMs: this.#options.pauseBudgetMs,
      memoryAvailableBytes: sample?.memoryAvailableBytes ?? null,
      memoryLimitBytes: sample?.memoryLimitBytes ?? null,
      cpuBudget: this.#cpuBudget,
      trend: risingTrend(this.#trends),
      series: this.#series.situation(this.#has('confirmed')),
    };
  }

  /** Dumper and analysis process together. */
  #predict(dumper: HeapDumper, rung: Rung): PredictedCapture {
    const heapBytes = this.#heapBytes();
    const { pauseMs, memoryBytes, cpuSeconds } = dumper.predict(rung, heapBytes);
    const analysed = hasGraph(rung) ? GUESSED_ANALYSIS_SECONDS : 0;
    const analysisBytes = this.#analysisBytes(rung);
    return { pauseMs, memoryBytes, analysisBytes, cpuSeconds: cpuSeconds + analysed };
  }

  #analysisBytes(rung: Rung): number {
    return hasGraph(rung) ? GUESSED_ANALYSIS_BYTES + this.#heapBytes() * this.#analysisPerByte[rung] : 0;
  }

  /** What a capture will find: it collects first, so the young generation's garbage costs nothing. */
  #heapBytes(): number {
    const sample = this.#lastSample;
    return Math.min(sample?.usedBytes ?? 0, sample?.oldBytes ?? 0);
  }

  #skip(decision: Extract<CaptureDecision, { decision: 'skip' }>, nowMs: number): void {
    this.#why = `${decision.reason}: ${decision.detail}`;
    if (decision.reason !== 'cpu-budget') this.#waitsForCpu = false;
    if (!decision.refused || decision.trigger === null) {
      // It is one wait, however often it is looked at.
      if (decision.reason === 'cpu-budget' && !this.#waitsForCpu) this.#recordSkip('trend', nowMs);
      this.#waitsForCpu = decision.reason === 'cpu-budget';
      return;
    }
    this.#scheduled = null;
    this.#series.missed(nowMs);
    if (!this.#refusedBefore)
      this.#adapters.logger.warn(`a capture is refused (said once): ${decision.detail}`);
    this.#refusedBefore = true;
    this.#recordSkip(decision.trigger, nowMs);
  }

  #recordSkip(trigger: CaptureTrigger, atMs: number): void {
    const dumper = this.#adapters.dumper.dumper?.name ?? 'none';
    this.#record(
      skippedCapture({ atMs, dumper, rung: this.#ladder.graphRung, trigger, reason: this.#why }),
    );
  }

  /** Why nothing was captured at the latest tick. */
  #why = '';
  #waitsForCpu = false;

  async #capture(rung: Rung, trigger: CaptureTrigger): Promise<void> {
    const { clock, ownPauses, dumper, startAnalysis } = this.#adapters;
    if (dumper.dumper === null) return;
    const heapBytes = this.#heapBytes();
    if (rung === 'probe') this.#ladder.probed(clock.now());
    if (hasGraph(rung)) {
      this.#ladder.reset();
      this.#series.began(clock.now(), this.#lastSample?.requests ?? 0);
    }
    const run = await runCapture({
      dumper: dumper.dumper,
      startAnalysis,
      clock,
      rung,
      trigger,
      heapBytes,
      analysisBytes: this.#analysisBytes(rung),
      previous: this.#series.memory,
      timeoutMs: this.#options.rules.analysisTimeoutMs,
      signal: this.#stopping.signal,
      paused: (fromMs, toMs) => ownPauses.add(fromMs, toMs),
      dumped: (dump) => this.#guard('capture', () => this.#onDumped(dump)),
    });
    this.#account(run, heapBytes);
    this.#guard('findings', () => this.#judge(run));
    this.#record(run.record);
    this.#settleState();
  }

  #account({ record, analysisBytes }: CaptureRun, heapBytes: number): void {
    const { rung, trigger, cpuSeconds, pauseMs } = record;
    this.#cost.addBeside(cpuSeconds);
    if (trigger !== 'demand')
      this.#cpuBudget.record(this.#adapters.clock.now(), cpuSeconds + pauseMs / 1000);
    if (heapBytes > 0) {
      const perByte = (analysisBytes - EMPTY_ANALYSIS_BYTES) / heapBytes;
      this.#analysisPerByte[rung] = Math.max(this.#analysisPerByte[rung], perByte);
    }
  }

  #onDumped(dump: DumpSuccess): void {
    const { clock, window } = this.#adapters;
    if (dump.liveBytes === 0) return;
    this.#live = { bytes: dump.liveBytes, atMs: clock.now() };
    window.addCapturePoint(this.#live.atMs, dump.liveBytes);
  }

  #judge(run: CaptureRun): void {
    const nowMs = this.#adapters.clock.now();
    if (run.record.outcome === 'cancelled') return;
    if (run.census !== null) return this.#compare(run.census, run.record.atMs);
    if (run.record.outcome === 'success' && !hasGraph(run.record.rung)) return;
    if (run.result === null) {
      this.#errors[run.record.outcome === 'dump-failed' ? 'capture' : 'analysis'] += 1;
      this.#adapters.logger.warn(`capture ${run.record.outcome}: ${run.record.reason}`);
      // A probe costs no graph its turn.
      if (run.record.rung !== 'probe') this.#series.missed(nowMs);
      return;
    }
    this.#series.succeeded(run.result.series);
    const perSecond = this.#series.requestsPerSecond(nowMs, this.#lastSample?.requests ?? 0);
    // The first snapshot of a series has nothing to be compared with.
    if (run.result.snapshots === 1) return;
    const update = this.#ledger.record(run.result.suspects, run.record.atMs, perSecond);
    const open = this.#has('confirmed') || this.#has('suspected') || this.#has('plateaued');
    this.#series.judged(nowMs, !update.quiet, open);
    this.#settleState();
    for (const finding of update.changed) this.#tell('finding', finding);
    if (update.changed.length > 0) this.#guard('store', () => this.#adapters.store.keep());
  }

  #compare(classes: readonly ClassCount[], atMs: number): void {
    if (this.#ladder.counted({ atMs, liveBytes: this.#liveBytes(), classes })) return;
    this.#ladder.reset();
    this.#series.callOff(this.#adapters.clock.now());
  }

  #record(record: CaptureRecord): void {
    this.#records.add(record);
    this.#tell('capture', record);
  }

  #settleState(): void {
    if (this.#has('confirmed')) this.#enter('confirmed', 'a leak is confirmed');
    else if (this.#has('suspected')) this.#enter('suspected', 'a leak is suspected');
    else if (bestTrend(this.#trends).direction === 'unknown')
      this.#enter('learning', 'the trend of the heap is not known yet');
    else this.#enter('watching', this.#why);
  }

  #enter(state: WatcherState, reason: string): void {
    const changed = this.#state !== state;
    this.#state = state;
    this.#reason = reason;
    if (changed) this.#tell('state', state, reason);
  }

  #timeToLimit({ limitBytes, memoryAvailableBytes }: HeapSample): TimeToLimit | null {
    const liveBytes = this.#liveBytes();
    return timeToLimit(
      liveBytes,
      reachableLimit(liveBytes, limitBytes, memoryAvailableBytes),
      bestTrend(this.#trends),
    );
  }

  #has(status: FindingStatus): boolean {
    return this.#ledger.findings.some((finding) => finding.status === status);
  }

  #liveBytes(): number {
    return this.#live?.bytes ?? this.#lastSample?.usedBytes ?? 0;
  }

  /** A listener that throws or rejects must neither stop the others' news nor pass for a fault of the watcher. */
  #tell<E extends keyof WatcherEvents>(event: E, ...news: WatcherEvents[E]): void {
    for (const listener of this.rawListeners(event)) {
      try {
        const answer: unknown = Reflect.apply(listener, this, news);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#blame(event, error));
      } catch (error) {
        this.#blame(event, error);
      }
    }
  }

  #blame(event: keyof WatcherEvents, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#adapters.logger.warn(`a listener of '${event}' failed: ${message}`);
  }

  /** The service must not feel a fault of ours: it is counted, said once a stage, and the watching goes on. */
  #guard(stage: ErrorStage, work: () => void): void {
    try {
      this.#cost.run(work);
    } catch (error) {
      this.#fault(stage, error);
    }
  }

  #fault(stage: ErrorStage, error: unknown): void {
    this.#errors[stage] += 1;
    const message = `${stage} failed: ${error instanceof Error ? error.message : String(error)}`;
    if (this.#errors[stage] === 1) this.#adapters.logger.warn(message);
    else this.#adapters.logger.debug(message);
  }
}

function hasGraph(rung: Rung): boolean {
  return rung === 'sampled' || rung === 'full';
}

/** The trend that is told to people: the medium window's, else the short one's, else the long one's. */
export function bestTrend(trends: DaemonStatus['trends']): TrendVerdict {
  const known = [trends.medium, trends.short, trends.long].find((trend) => trend.direction !== 'unknown');
  return known ?? trends.medium;
}

/** The trend that opens the gate: any window's that rises, the shortest first. */
function risingTrend(trends: DaemonStatus['trends']): TrendVerdict {
  return (
    TREND_WINDOWS.map((name) => trends[name]).find((trend) => trend.direction === 'rising') ??
    bestTrend(trends)
  );
}
