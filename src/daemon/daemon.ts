import { type CaptureRecord, type CaptureTrigger, hasGraph, type Rung } from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { ChosenDumper } from '../capture/heap-dumper.js';
import type { FindingStatus } from '../findings/finding.js';
import { FindingLedger } from '../findings/ledger.js';
import type { ResolvedOptions } from '../options.js';
import type { WatcherState } from '../report/report.js';
import { type Clock, keepAlive } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { GcEvent, GcSource } from '../sampling/gc-source.js';
import type { HeapReader } from '../sampling/heap-reader.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import type { SampleWindow } from '../sampling/sample-window.js';
import {
  type CaptureDecision,
  type CaptureSituation,
  decideCapture,
  decideLook,
} from '../trigger/capture-decision.js';
import type { StartAnalysis } from './analysis-client.js';
import { CaptureCost } from './capture-cost.js';
import { CaptureLadder, type NextStep } from './capture-ladder.js';
import { CaptureRecords, skippedCapture } from './capture-records.js';
import { type CaptureRun, runCapture } from './capture-run.js';
import { CaptureSeries } from './capture-series.js';
import { CostMeter } from './cost-meter.js';
import type { DaemonStatus } from './daemon-status.js';
import { Faults } from './faults.js';
import { bestTrend, LiveHeap, risingTrend } from './live-heap.js';
import { News } from './news.js';
import type { OwnPauses } from './own-pauses.js';
import type { Job } from './schedule.js';

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
export class Daemon extends News {
  /** The background work that is to be done on a schedule, between `start()` and `stop()`. */
  readonly jobs: readonly Job[];
  readonly #options: ResolvedOptions;
  readonly #adapters: DaemonAdapters;
  readonly #series: CaptureSeries;
  readonly #ledger: FindingLedger;
  readonly #cost: CostMeter;
  readonly #captureCost: CaptureCost;
  readonly #stopping = new AbortController();
  readonly #faults: Faults;
  readonly #heap: LiveHeap;
  readonly #ladder: CaptureLadder;
  readonly #records = new CaptureRecords();
  #startedAtMs = 0;
  #samples = 0;
  #state: WatcherState = 'starting';
  #reason = 'not started';
  #capturing: Promise<void> | null = null;
  /** Since when a capture is due and waits for V8's next full collection, epoch milliseconds. */
  #dueSinceMs: number | null = null;
  #refusedBefore = false;
  #probesFail = false;
  #scheduled: CaptureTrigger | null = null;

  constructor(options: ResolvedOptions, adapters: DaemonAdapters) {
    super(adapters.logger);
    this.#options = options;
    this.#cost = new CostMeter(adapters.clock);
    this.#faults = new Faults(adapters.logger, this.#cost);
    this.#heap = new LiveHeap(options.rules, adapters.window);
    this.#captureCost = new CaptureCost(adapters.dumper.dumper, options.rules.captureCpuShare);
    this.#adapters = adapters;
    this.#series = new CaptureSeries(options.rules);
    this.#ladder = new CaptureLadder(options.rules, adapters.dumper.dumper);
    this.#ledger = new FindingLedger(options.rules.finding);
    const { sample, capture, prune } = options.schedule;
    this.jobs = [
      {
        name: 'sample' as const,
        cron: sample,
        run: () => this.#faults.guard('sampling', () => this.#onTick()),
      },
      {
        name: 'prune' as const,
        cron: prune,
        run: () => this.#faults.guard('store', () => adapters.store.prune()),
      },
      ...(capture === null
        ? []
        : [{ name: 'capture' as const, cron: capture, run: () => this.#askFor('schedule') }]),
    ];
  }

  start(): void {
    const { clock, gcSource } = this.#adapters;
    this.#startedAtMs = clock.now();
    this.#heap.start(this.#startedAtMs);
    gcSource.start((events) => this.#faults.guard('sampling', () => this.#onGc(events)));
    this.#faults.guard('sampling', () => this.#keep(this.#adapters.reader.onTick()));
    this.#enter('learning', 'warming up');
  }

  /** Ends all background work and waits until a running capture has let go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#adapters.gcSource.stop();
    // It is called off and ends in a moment, but of what it waits for nothing keeps a program alive.
    const hold = keepAlive();
    await this.#capturing;
    hold.cancel();
    this.removeAllListeners();
  }

  status(): DaemonStatus {
    const { gcSource, dumper } = this.#adapters;
    return {
      state: this.#state,
      reason: this.#reason,
      pace: this.#options.pace,
      gcSource: { name: gcSource.name, reason: gcSource.reason },
      dumper: { name: dumper.dumper?.name ?? 'none', reason: dumper.reason },
      startedAtMs: this.#startedAtMs,
      lastSample: this.#heap.lastSample,
      live: this.#heap.live,
      samples: this.#samples,
      errors: this.#faults.counts,
      cpuSeconds: this.#cost.cpuSeconds,
      trends: this.#heap.trends,
      timeToLimit: this.#heap.timeToLimit,
      findings: this.#ledger.findings,
      captures: this.#records.list(),
      census: this.#ladder.census,
    };
  }

  #onGc(events: readonly GcEvent[]): void {
    let fullCollection = false;
    for (const sample of this.#adapters.reader.afterGc(events)) {
      this.#keep(sample);
      if (sample.gc?.kind === 'major' && !sample.gc.own) fullCollection = true;
    }
    if (fullCollection && this.#dueSinceMs !== null) this.#captureIfDecided(true);
  }

  #onTick(): void {
    const { clock, reader } = this.#adapters;
    this.#keep(reader.onTick());
    this.#faults.guard('trend', () => this.#heap.judge(clock.now()));
    this.#captureIfDecided(false);
    this.#settleState();
  }

  #keep(sample: HeapSample): void {
    this.#samples += 1;
    this.#heap.add(sample);
    this.tell('sample', sample);
  }

  #askFor(trigger: CaptureTrigger): void {
    this.#scheduled = trigger;
  }

  /** Captures now, if it pays and is allowed; after a full collection by V8 at once, otherwise when none came for a while. */
  #captureIfDecided(afterFullCollection: boolean): void {
    const nowMs = this.#adapters.clock.now();
    const { rung, notBeforeMs } = this.#nextStep(nowMs);
    const decision = decideCapture(this.#situation(rung, nowMs), this.#options.rules);
    if (decision.decision === 'skip' || notBeforeMs !== null) {
      this.#dueSinceMs = null;
      if (decision.decision === 'skip') this.#skip(decision, rung, nowMs);
      else this.#why = censusWords(notBeforeMs, nowMs);
      this.#probeIfDue(nowMs);
      return;
    }
    this.#ladder.follow(nowMs, true);
    this.#dueSinceMs ??= nowMs;
    if (!afterFullCollection && nowMs - this.#dueSinceMs < this.#options.rules.majorGcWaitMs) return;
    this.#dueSinceMs = null;
    this.#scheduled = null;
    this.#begin(rung, decision.trigger);
  }

  /** Graphs where someone asked for one or a series is running; otherwise as far up the ladder as the growth has come. */
  #nextStep(nowMs: number): NextStep {
    return this.#scheduled !== null || this.#series.situation(false).captures > 0
      ? { rung: this.#ladder.graphRung, notBeforeMs: null }
      : this.#ladder.next(nowMs);
  }

  /** The trend of the live heap needs points, and V8 may not collect fully for minutes. */
  #probeIfDue(nowMs: number): void {
    if (!this.#ladder.probeDue(nowMs, this.#heap.live?.atMs ?? null, this.#heap.capturedBytes)) return;
    const decision = decideLook(this.#situation('probe', nowMs), this.#options.rules);
    if (decision.decision === 'capture') this.#begin('probe', decision.trigger);
  }

  #begin(rung: Rung, trigger: CaptureTrigger): void {
    this.#capturing = this.#capture(rung, trigger)
      .catch((error: unknown) => this.#faults.record('capture', error))
      .finally(() => {
        this.#capturing = null;
      });
  }

  #situation(rung: Rung, nowMs: number): CaptureSituation {
    const { dumper } = this.#adapters;
    const sample = this.#heap.lastSample;
    return {
      nowMs,
      startedAtMs: this.#startedAtMs,
      asked: this.#scheduled,
      capturing: this.#capturing !== null,
      predicted: this.#captureCost.predict(rung, this.#heap.capturedBytes, this.#buffersBytes()),
      dumperReason: dumper.reason,
      pauseBudgetMs: this.#options.pauseBudgetMs,
      memoryAvailableBytes: sample?.memoryAvailableBytes ?? null,
      memoryLimitBytes: sample?.memoryLimitBytes ?? null,
      cpuBudget: this.#captureCost.budgetFor(rung),
      trend: risingTrend(this.#heap.trends),
      series: this.#series.situation(this.#has('confirmed')),
    };
  }

  /** What the service may write to all at once while a forked copy of it lives. */
  #buffersBytes(): number {
    return this.#adapters.dumper.dumper?.name === 'fork'
      ? (this.#heap.lastSample?.arrayBuffersBytes ?? 0)
      : 0;
  }

  #skip(decision: Extract<CaptureDecision, { decision: 'skip' }>, rung: Rung, nowMs: number): void {
    this.#why = `${decision.reason}: ${decision.detail}`;
    // A probe in between changes nothing.
    if (decision.reason === 'already-capturing') return;
    this.#ladder.follow(nowMs, decision.reason !== 'no-growth');
    const waitedForCpu = this.#waitsForCpu;
    this.#waitsForCpu = decision.reason === 'cpu-budget' && !decision.refused;
    if (!decision.refused || decision.trigger === null) {
      // It is one wait, however often it is looked at.
      if (this.#waitsForCpu && !waitedForCpu) this.#recordSkip(rung, 'trend', nowMs);
      return;
    }
    this.#scheduled = null;
    this.#series.missed(nowMs);
    if (!this.#refusedBefore)
      this.#adapters.logger.warn(`a capture is refused (said once): ${decision.detail}`);
    this.#refusedBefore = true;
    this.#recordSkip(rung, decision.trigger, nowMs);
  }

  #recordSkip(rung: Rung, trigger: CaptureTrigger, atMs: number): void {
    const dumper = this.#adapters.dumper.dumper?.name ?? 'none';
    this.#record(skippedCapture({ atMs, dumper, rung, trigger, reason: this.#why }));
  }

  /** Why nothing was captured at the latest tick. */
  #why = '';
  #waitsForCpu = false;

  async #capture(rung: Rung, trigger: CaptureTrigger): Promise<void> {
    const { clock, ownPauses, dumper, startAnalysis } = this.#adapters;
    if (dumper.dumper === null) return;
    const heapBytes = this.#heap.capturedBytes;
    if (rung === 'probe') this.#ladder.probed(clock.now());
    if (hasGraph(rung)) {
      this.#ladder.reset();
      this.#series.began(clock.now(), this.#heap.lastSample?.requests ?? 0);
    }
    const run = await runCapture({
      dumper: dumper.dumper,
      startAnalysis,
      clock,
      rung,
      trigger,
      heapBytes,
      besideBytes: this.#captureCost.besideBytes(rung, heapBytes, this.#buffersBytes()),
      previous: this.#series.memory,
      timeoutMs: this.#options.rules.analysisTimeoutMs,
      signal: this.#stopping.signal,
      paused: (fromMs, toMs) => ownPauses.add(fromMs, toMs),
      dumped: ({ liveBytes }) =>
        this.#faults.guard('capture', () => this.#heap.captured(liveBytes, clock.now())),
    });
    this.#cost.addBeside(run.record.cpuSeconds);
    this.#captureCost.record(run, heapBytes, clock.now());
    this.#faults.guard('findings', () => this.#judge(run));
    this.#record(run.record);
    this.#settleState();
  }

  #judge({ record, census, result }: CaptureRun): void {
    const nowMs = this.#adapters.clock.now();
    if (record.outcome === 'cancelled') return;
    if (record.outcome !== 'success') this.#failed(record, nowMs);
    else if (census !== null) this.#compare(census, record.atMs);
    else if (result !== null) this.#judgeGraph(result, record.atMs, nowMs);
    else this.#probesFail = false;
  }

  #judgeGraph(result: NonNullable<CaptureRun['result']>, capturedAtMs: number, nowMs: number): void {
    this.#series.succeeded(result.series);
    const perSecond = this.#series.requestsPerSecond(nowMs, this.#heap.lastSample?.requests ?? 0);
    // The first snapshot of a series has nothing to be compared with.
    if (result.snapshots === 1) return;
    const update = this.#ledger.record(result.suspects, capturedAtMs, perSecond);
    const open = this.#has('confirmed') || this.#has('suspected') || this.#has('plateaued');
    this.#series.judged(nowMs, !update.quiet, open);
    this.#settleState();
    for (const finding of update.changed) this.tell('finding', finding);
    if (update.changed.length > 0) this.#faults.guard('store', () => this.#adapters.store.keep());
  }

  /** What is in the way of a probe is in the way of the next, a minute later: it is said once, and costs no graph its turn. */
  #failed({ rung, outcome, reason }: CaptureRecord, nowMs: number): void {
    this.#faults.count(outcome === 'dump-failed' ? 'capture' : 'analysis');
    const said = rung === 'probe' && this.#probesFail;
    const message = `capture ${outcome}: ${reason}${hasGraph(rung) ? '' : ` (${rung})`}`;
    this.#adapters.logger[said ? 'debug' : 'warn'](message);
    if (rung === 'probe') this.#probesFail = true;
    else this.#series.missed(nowMs);
  }

  #compare(classes: readonly ClassCount[], atMs: number): void {
    if (this.#ladder.counted({ atMs, liveBytes: this.#heap.bytes, classes })) return;
    this.#ladder.reset();
    this.#series.callOff(this.#adapters.clock.now());
  }

  #record(record: CaptureRecord): void {
    this.#records.add(record);
    this.tell('capture', record);
  }

  #settleState(): void {
    if (this.#has('confirmed')) this.#enter('confirmed', 'a leak is confirmed');
    else if (this.#has('suspected')) this.#enter('suspected', 'a leak is suspected');
    else if (bestTrend(this.#heap.trends).direction === 'unknown')
      this.#enter('learning', 'the trend of the heap is not known yet');
    else this.#enter('watching', this.#why);
  }

  #enter(state: WatcherState, reason: string): void {
    const changed = this.#state !== state;
    this.#state = state;
    this.#reason = reason;
    if (changed) this.tell('state', state, reason);
  }

  #has(status: FindingStatus): boolean {
    return this.#ledger.findings.some((finding) => finding.status === status);
  }
}

function censusWords(notBeforeMs: number | null, nowMs: number): string {
  const seconds = Math.round(((notBeforeMs ?? nowMs) - nowMs) / 1000);
  return `census: the heap grows; its classes are counted again in ${seconds} s`;
}
