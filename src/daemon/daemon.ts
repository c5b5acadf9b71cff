import type { StartAnalysis } from '../analysis/analysis-client.js';
import { type CaptureLevel, type CaptureRecord, hasGraph } from '../capture/capture-record.js';
import type { ClassCount } from '../capture/class-census.js';
import type { ChosenDumper } from '../capture/heap-dumper.js';
import type { FindingStatus } from '../findings/finding.js';
import { decodeFindings, encodeFindings, type StoredFindings } from '../findings/finding-store.js';
import { FindingLedger, type LedgerUpdate } from '../findings/ledger.js';
import type { OutsideFinding } from '../findings/outside/outside-finding.js';
import { OutsideWatch } from '../findings/outside/outside-watch.js';
import { siteFindings } from '../findings/outside/site-findings.js';
import type { CaptureContext } from '../findings/verdict/capture-context.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { ResolvedOptions } from '../options/options.js';
import { OUTSIDE_RULES } from '../pace/outside-rules.js';
import type { WatcherState } from '../report/report.js';
import { type Clock, keepAlive } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { AllocationSites } from '../sampling/allocation-profiler.js';
import type { GcEvent, GcSource } from '../sampling/gc-source.js';
import type { HeapReader } from '../sampling/heap-reader.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { trafficOf } from '../sampling/request-counter.js';
import { openSockets } from '../trend/outside-window.js';
import type { SampleWindow } from '../trend/sample-window.js';
import {
  type CaptureDecision,
  type CaptureSituation,
  decideCapture,
  decideLook,
} from '../trigger/capture-decision.js';
import type { CaptureTrigger } from '../trigger/capture-trigger.js';
import { CaptureCost } from './capture-cost.js';
import { CaptureLadder, type NextStep } from './capture-ladder.js';
import { CaptureRecords, skippedCapture } from './capture-records.js';
import { type CaptureRun, runCapture } from './capture-run.js';
import { CaptureSeries } from './capture-series.js';
import { CostMeter } from './cost-meter.js';
import type { DaemonStatus } from './daemon-status.js';
import { ErrorGuard } from './error-guard.js';
import { bestTrend, LiveHeap, risingTrend } from './live-heap.js';
import type { OwnPauses } from './own-pauses.js';
import { SafeEmitter } from './safe-emitter.js';
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
  readonly sites: AllocationSites;
  /**
   * The state directory: `keep` puts the present report and these findings there, `restore` gives the findings back (null:
   * there are none), `prune` takes old files out. All may throw.
   */
  readonly store: { keep(findings: string): void; restore(): string | null; prune(): void };
}

/** The background watcher: samples at GC cycles and on a timer, decides when a capture pays, and keeps the findings. */
export class Daemon extends SafeEmitter {
  /** The background work that is to be done on a schedule, between `start()` and `stop()`. */
  readonly jobs: readonly Job[];
  readonly #options: ResolvedOptions;
  readonly #adapters: DaemonAdapters;
  readonly #series: CaptureSeries;
  readonly #ledger: FindingLedger;
  readonly #signals: OutsideWatch;
  readonly #cost: CostMeter;
  readonly #captureCost: CaptureCost;
  readonly #stopping = new AbortController();
  readonly #errors: ErrorGuard;
  readonly #heap: LiveHeap;
  readonly #ladder: CaptureLadder;
  readonly #records = new CaptureRecords();
  #startedAtMs = 0;
  #samples = 0;
  #majorCollections = 0;
  /** Of the latest timer sample. */
  #openSockets: number | null = null;
  #state: WatcherState = 'starting';
  #reason = 'not started';
  #capturing: Promise<void> | null = null;
  /** Since when a capture is due and waits for V8's next full collection, epoch milliseconds. */
  #dueSinceMs: number | null = null;
  #refusedBefore = false;
  /** Whether a limit forbade the latest capture that was due. */
  #refused = false;
  #probesFail = false;
  #scheduled: CaptureTrigger | null = null;

  constructor(options: ResolvedOptions, adapters: DaemonAdapters) {
    super(adapters.logger);
    this.#options = options;
    this.#cost = new CostMeter(adapters.clock);
    this.#errors = new ErrorGuard(adapters.logger, this.#cost);
    this.#heap = new LiveHeap(options.rules, adapters.window);
    this.#captureCost = new CaptureCost(adapters.dumper.dumper, options.rules.captureCpuShare);
    this.#adapters = adapters;
    this.#series = new CaptureSeries(options.rules);
    this.#ladder = new CaptureLadder(options.rules, adapters.dumper.dumper);
    this.#ledger = new FindingLedger(options.rules.finding, this.#restored());
    for (const id of options.mute) this.#ledger.mute(id);
    this.#signals = new OutsideWatch(OUTSIDE_RULES[options.pace]);
    const { sample, capture, prune } = options.schedule;
    this.jobs = [
      {
        name: 'sample' as const,
        cron: sample,
        run: () => this.#errors.guard('sampling', () => this.#onTick()),
      },
      {
        name: 'prune' as const,
        cron: prune,
        run: () => this.#prune(),
      },
      ...(capture === null
        ? []
        : [{ name: 'capture' as const, cron: capture, run: () => this.#askFor('schedule') }]),
    ];
  }

  start(): void {
    const { clock, gcSource, sites } = this.#adapters;
    this.#startedAtMs = clock.now();
    this.#heap.start(this.#startedAtMs);
    gcSource.start((events) => this.#errors.guard('sampling', () => this.#onGc(events)));
    this.#errors.guard('sampling', () => sites.start(clock.monotonicMs()));
    this.#errors.guard('sampling', () => this.#keep(this.#adapters.reader.onTick()));
    this.#enter('learning', 'warming up');
  }

  /** Ends all background work and waits until a running capture has let go. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#adapters.gcSource.stop();
    this.#adapters.sites.stop();
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
      errors: this.#errors.counts,
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
      if (sample.gc?.kind !== 'major' || sample.gc.own) continue;
      fullCollection = true;
      this.#majorCollections += 1;
    }
    if (!fullCollection) return;
    this.#adapters.sites.afterMajorGc(this.#adapters.clock.monotonicMs());
    if (this.#dueSinceMs !== null) this.#captureIfDecided(true);
  }

  #onTick(): void {
    const { clock, reader, sites } = this.#adapters;
    this.#keep(reader.onTick());
    this.#errors.guard('sampling', () => sites.onTick(clock.monotonicMs()));
    this.#errors.guard('trend', () => this.#heap.judge(clock.now()));
    this.#captureIfDecided(false);
    this.#settleState();
  }

  #keep(sample: HeapSample): void {
    this.#samples += 1;
    if (sample.handles !== null) this.#openSockets = openSockets(sample);
    this.#heap.add(sample);
    this.#errors.guard('findings', () => this.#follow(sample));
    this.tell('sample', sample);
  }

  /** What grows outside the graph. */
  #follow(sample: HeapSample): void {
    const signals = this.#signals.observe(sample);
    if (signals === null) return;
    this.#publish(this.#ledger.observe([...signals, ...this.#sitesAlone(sample.atMs)], sample.atMs));
  }

  /** Where no capture may be taken, allocation sites are all there is. */
  #sitesAlone(atMs: number): readonly OutsideFinding[] {
    if (this.#adapters.dumper.dumper !== null && !this.#refused) return [];
    return siteFindings(this.#adapters.sites.growing(), this.#options.rules.finding, atMs);
  }

  #publish({ changed }: LedgerUpdate): void {
    for (const finding of changed) this.tell('finding', finding);
    if (changed.length > 0) this.#store();
  }

  #store(): void {
    this.#errors.guard('store', () => this.#adapters.store.keep(encodeFindings(this.#ledger.toStore)));
  }

  /** What is still open was seen now, too: the file tells when it was last. */
  #prune(): void {
    if (this.#ledger.findings.length > 0) this.#store();
    this.#errors.guard('store', () => this.#adapters.store.prune());
  }

  /** What was found before the program was started anew; a file that cannot be used is started over. */
  #restored(): StoredFindings | null {
    const { store, clock, logger } = this.#adapters;
    let stored: StoredFindings | null = null;
    this.#errors.guard('store', () => {
      const text = store.restore();
      const decoded = text === null ? null : decodeFindings(text, clock.now());
      if (decoded?.outcome === 'failure')
        logger.warn(`what was found before is lost, the file is started over: ${decoded.reason}`);
      else stored = decoded?.stored ?? null;
    });
    return stored;
  }

  /** From now on nobody is called for this finding, whether it is known yet or not. */
  mute(id: Fingerprint): void {
    this.#ledger.mute(id);
    this.#store();
  }

  /** False where it was not muted. */
  unmute(id: Fingerprint): boolean {
    const was = this.#ledger.unmute(id);
    if (was) this.#store();
    return was;
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
    // What rises outside the heap shows in no census.
    const needsGraph = this.#scheduled !== null || this.#signals.words !== null;
    return needsGraph || this.#series.situation(false).captures > 0
      ? { rung: this.#ladder.graphLevel, notBeforeMs: null }
      : this.#ladder.next(nowMs);
  }

  /** The trend of the live heap needs points, and V8 may not collect fully for minutes. */
  #probeIfDue(nowMs: number): void {
    if (!this.#ladder.probeDue(nowMs, this.#heap.live?.atMs ?? null, this.#heap.capturedBytes)) return;
    const decision = decideLook(this.#situation('probe', nowMs), this.#options.rules);
    if (decision.decision === 'capture') this.#begin('probe', decision.trigger);
  }

  #begin(rung: CaptureLevel, trigger: CaptureTrigger): void {
    this.#capturing = this.#capture(rung, trigger)
      .catch((error: unknown) => this.#errors.record('capture', error))
      .finally(() => {
        this.#capturing = null;
      });
  }

  #situation(rung: CaptureLevel, nowMs: number): CaptureSituation {
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
      signal: this.#signals.words,
      isCensus: rung === 'census',
      series: this.#series.situation(this.#followsPath('confirmed')),
    };
  }

  /** What the service may write to all at once while a forked copy of it lives. */
  #buffersBytes(): number {
    return this.#adapters.dumper.dumper?.name === 'fork'
      ? (this.#heap.lastSample?.arrayBuffersBytes ?? 0)
      : 0;
  }

  #skip(decision: Extract<CaptureDecision, { decision: 'skip' }>, rung: CaptureLevel, nowMs: number): void {
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
    this.#refused = true;
    if (!this.#refusedBefore)
      this.#adapters.logger.warn(`a capture is refused (said once): ${decision.detail}`);
    this.#refusedBefore = true;
    this.#recordSkip(rung, decision.trigger, nowMs);
  }

  #recordSkip(rung: CaptureLevel, trigger: CaptureTrigger, atMs: number): void {
    const dumper = this.#adapters.dumper.dumper?.name ?? 'none';
    this.#record(skippedCapture({ atMs, dumper, rung, trigger, reason: this.#why }));
  }

  /** Why nothing was captured at the latest tick. */
  #why = '';
  #waitsForCpu = false;

  async #capture(rung: CaptureLevel, trigger: CaptureTrigger): Promise<void> {
    const { clock, ownPauses, dumper, startAnalysis } = this.#adapters;
    if (dumper.dumper === null) return;
    const heapBytes = this.#heap.capturedBytes;
    const moment = this.#moment();
    if (rung === 'probe') this.#ladder.probed(clock.now());
    if (hasGraph(rung)) {
      this.#ladder.reset();
      this.#series.began(clock.now());
    }
    const run = await runCapture({
      dumper: dumper.dumper,
      startAnalysis,
      clock,
      rung,
      trigger,
      heapBytes,
      besideBytes: this.#captureCost.besideBytes(rung, heapBytes, this.#buffersBytes()),
      niceness: this.#options.rules.niceness,
      previous: this.#series.memory,
      sites: () => this.#adapters.sites.growing(),
      timeoutMs: this.#options.rules.analysisTimeoutMs,
      signal: this.#stopping.signal,
      paused: (fromMs, toMs) => ownPauses.add(fromMs, toMs),
      dumped: ({ liveBytes }) =>
        this.#errors.guard('capture', () => this.#heap.captured(liveBytes, clock.now())),
    });
    this.#cost.addBeside(run.record.cpuSeconds);
    this.#captureCost.record(run, heapBytes, clock.now());
    this.#errors.guard('findings', () => this.#judge(run, moment));
    this.#record(run.record);
    this.#settleState();
  }

  /** What verdicts read growth together with. The first capture's time is that of its record. */
  #moment(): Omit<CaptureContext, 'atMs'> {
    const sample = this.#heap.lastSample;
    return {
      requests: sample === null ? 0 : trafficOf(sample).count,
      openSockets: this.#openSockets,
      majorCollections: this.#majorCollections,
    };
  }

  #judge({ record, census, result }: CaptureRun, moment: Omit<CaptureContext, 'atMs'>): void {
    const nowMs = this.#adapters.clock.now();
    if (record.outcome === 'cancelled') return;
    if (record.outcome !== 'success') this.#failed(record, nowMs);
    else if (census !== null) this.#compare(census, record.atMs);
    else if (result !== null) this.#judgeGraph(result, { ...moment, atMs: record.atMs }, nowMs);
    else this.#probesFail = false;
  }

  #judgeGraph(result: NonNullable<CaptureRun['result']>, moment: CaptureContext, nowMs: number): void {
    this.#series.succeeded(result.series);
    this.#refused = false;
    this.#ledger.note(moment);
    // The first snapshot of a series has nothing to be compared with.
    if (result.snapshots === 1) return;
    const update = this.#ledger.record(result.suspects, moment.atMs);
    const open = this.#followsPath('confirmed', 'suspected', 'plateaued');
    this.#series.judged(nowMs, !update.quiet, open);
    this.#settleState();
    this.#publish(update);
  }

  /** What is in the way of a probe is in the way of the next, a minute later: it is said once, and costs no graph its turn. */
  #failed({ rung, outcome, reason }: CaptureRecord, nowMs: number): void {
    this.#errors.count(outcome === 'dump-failed' ? 'capture' : 'analysis');
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

  /** Whether the series of captures has something to follow: captures tell nothing of what grows outside the graph. */
  #followsPath(...statuses: readonly FindingStatus[]): boolean {
    return this.#ledger.findings.some(
      ({ status, retainerPath }) => retainerPath.length > 0 && statuses.includes(status),
    );
  }

  #has(status: FindingStatus): boolean {
    return this.#ledger.findings.some((finding) => finding.status === status && !finding.muted);
  }
}

function censusWords(notBeforeMs: number | null, nowMs: number): string {
  const seconds = Math.round(((notBeforeMs ?? nowMs) - nowMs) / 1000);
  return `census: the heap grows; its classes are counted again in ${seconds} s`;
}
