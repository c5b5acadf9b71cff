import type { StartAnalysis } from '../analysis/analysis-outcome.js';
import type { ChosenDumper } from '../capture/heap-dumper.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { ResolvedOptions } from '../options/options.js';
import type { WatcherState } from '../report/report.js';
import type { Clock } from '../runtime/clock.js';
import type { Logger } from '../runtime/logger.js';
import type { AllocationSites } from '../sampling/allocation-profiler.js';
import type { GcEvent, GcSource } from '../sampling/gc-source.js';
import type { HeapReader } from '../sampling/heap-reader.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import type { SampleWindow } from '../trend/sample-window.js';
import { codedDetail, type StateReason, stateDetail } from '../wording/state-text.js';
import { CaptureControl } from './capture-control.js';
import { CostMeter } from './cost-meter.js';
import type { DaemonStatus } from './daemon-status.js';
import { ErrorGuard } from './error-guard.js';
import { FindingDesk, type FindingStore } from './finding-desk.js';
import { bestTrend, LiveHeap } from './live-heap.js';
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
  readonly store: FindingStore;
}

/** After so many failed timer samples in a row nothing is being watched. */
const MAX_FAILED_TICKS = 3;

/** The background watcher: takes samples at GC cycles and on a timer, and hands them to what captures and what judges. */
export class Daemon {
  readonly events: SafeEmitter;
  /** The background work that is to be done on a schedule, between `start()` and `stop()`. */
  readonly jobs: readonly Job[];
  readonly #options: ResolvedOptions;
  readonly #adapters: DaemonAdapters;
  readonly #cost: CostMeter;
  readonly #errors: ErrorGuard;
  readonly #heap: LiveHeap;
  readonly #desk: FindingDesk;
  readonly #captures: CaptureControl;
  #startedAtMs = 0;
  #samples = 0;
  #failedTicks = 0;
  #state: WatcherState = 'starting';
  #reason: StateReason = { code: 'not-started' };

  constructor(options: ResolvedOptions, adapters: DaemonAdapters) {
    this.#options = options;
    this.#adapters = adapters;
    this.events = new SafeEmitter(adapters.logger);
    this.#cost = new CostMeter(adapters.clock);
    this.#errors = new ErrorGuard(adapters.logger, this.#cost);
    this.#heap = new LiveHeap(options.rules, adapters.window);
    const shared = { ...adapters, errors: this.#errors, events: this.events };
    this.#desk = new FindingDesk(options, { ...shared, changed: () => this.#settleState() });
    this.#captures = new CaptureControl(options, {
      ...shared,
      heap: this.#heap,
      desk: this.#desk,
      cost: this.#cost,
      ended: () => this.#settleState(),
    });
    this.jobs = this.#createJobs();
  }

  start(): void {
    const { clock, gcSource, reader, sites } = this.#adapters;
    this.#startedAtMs = clock.now();
    this.#heap.start(this.#startedAtMs);
    this.#captures.start(this.#startedAtMs);
    gcSource.start((events) => this.#errors.guard('sampling', () => this.#onGc(events)));
    this.#errors.guard('sampling', () => sites.start(clock.monotonicMs()));
    this.#errors.guard('sampling', () => this.#keep(reader.onTick()));
    this.#enter('learning', { code: 'started' });
  }

  /** Ends all background work and waits until a running capture has let go. */
  async stop(): Promise<void> {
    const captured = this.#captures.stop();
    this.#adapters.gcSource.stop();
    this.#adapters.sites.stop();
    await captured;
    this.events.clear();
  }

  status(): DaemonStatus {
    const { gcSource, dumper } = this.#adapters;
    return {
      state: this.#state,
      reason: this.#reasonText(),
      reasonCode: this.#reason.code,
      reasonDetail: stateDetail(this.#reason),
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
      findings: this.#desk.findings,
      captures: this.#captures.records,
      census: this.#captures.census,
    };
  }

  mute(id: Fingerprint): void {
    this.#desk.mute(id);
  }

  unmute(id: Fingerprint): boolean {
    return this.#desk.unmute(id);
  }

  #createJobs(): readonly Job[] {
    const { sample, capture, prune } = this.#options.schedule;
    const jobs: Job[] = [
      { name: 'sample', cron: sample, run: () => this.#tick() },
      { name: 'prune', cron: prune, run: () => this.#desk.prune() },
    ];
    if (capture !== null)
      jobs.push({ name: 'capture', cron: capture, run: () => this.#captures.ask('schedule') });
    return jobs;
  }

  #onGc(events: readonly GcEvent[]): void {
    let fullGc = false;
    for (const sample of this.#adapters.reader.afterGc(events)) {
      this.#keep(sample);
      fullGc ||= sample.gc?.kind === 'major' && !sample.gc.own;
    }
    if (!fullGc) return;
    this.#adapters.sites.afterMajorGc(this.#adapters.clock.monotonicMs());
    this.#captures.onFullGc();
  }

  #tick(): void {
    const worked = this.#errors.guard('sampling', () => this.#onTick());
    this.#failedTicks = worked ? 0 : this.#failedTicks + 1;
    if (this.#failedTicks >= MAX_FAILED_TICKS) this.#enter('failed', { code: 'sampling-failed' });
  }

  #onTick(): void {
    const { clock, reader, sites } = this.#adapters;
    this.#keep(reader.onTick());
    this.#errors.guard('sampling', () => sites.onTick(clock.monotonicMs()));
    this.#errors.guard('trend', () => this.#heap.judge(clock.now()));
    this.#captures.onTick();
    this.#settleState();
  }

  #keep(sample: HeapSample): void {
    this.#samples += 1;
    this.#heap.add(sample);
    this.#errors.guard('findings', () => this.#desk.observe(sample, this.#captures.blind));
    this.events.emit('sample', sample);
  }

  #settleState(): void {
    if (this.#desk.has('confirmed')) this.#enter('confirmed', { code: 'leak-confirmed' });
    else if (this.#desk.has('suspected')) this.#enter('suspected', { code: 'leak-suspected' });
    else if (bestTrend(this.#heap.trends).direction === 'unknown')
      this.#enter('learning', { code: 'trend-unknown' });
    else this.#enter('watching', this.#captures.why);
  }

  #enter(state: WatcherState, reason: StateReason): void {
    const changed = this.#state !== state;
    this.#state = state;
    this.#reason = reason;
    if (changed) this.events.emit('state', state, this.#reasonText());
  }

  /** What nothing is captured for has its code first. */
  #reasonText(): string {
    return this.#state === 'watching' ? codedDetail(this.#reason) : stateDetail(this.#reason);
  }
}
