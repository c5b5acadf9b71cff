import type { ResolvedOptions } from '../options/options.js';
import type { WatcherState } from '../report/report.js';
import type { GcEvent } from '../sampling/gc-source.js';
import type { HeapSample } from '../sampling/heap-sample.js';
import { codedDetail, type StateReason, stateDetail } from '../wording/state-text.js';
import { BackgroundWork } from './background-work.js';
import { CaptureControl } from './capture-control.js';
import type { DaemonAdapters, DaemonParts } from './daemon-parts.js';
import type { DaemonStatus } from './daemon-status.js';
import { FindingDesk } from './finding-desk.js';
import { FullGcs } from './full-gcs.js';
import { bestTrend, LiveHeap } from './live-heap.js';
import type { OwnPauses } from './own-pauses.js';
import { SafeEmitter } from './safe-emitter.js';
import { Scans } from './scans.js';
import type { Job } from './schedule.js';

/** After so many failed timer samples in a row nothing is being watched. */
const MAX_FAILED_TICKS = 3;

/** The background watcher: takes samples at GC cycles and on a timer, and passes them to the capture control and the judges. */
export class Daemon {
  readonly events: SafeEmitter;
  readonly desk: FindingDesk;
  readonly scans: Scans;
  readonly fullGcs: FullGcs;
  /** For what else stops the service. */
  readonly ownPauses: OwnPauses;
  /** The background work that is to be done on a schedule, between `start()` and `stop()`. */
  readonly jobs: readonly Job[];
  readonly #options: ResolvedOptions;
  readonly #adapters: DaemonAdapters;
  readonly #work: BackgroundWork;
  readonly #heap: LiveHeap;
  readonly #captures: CaptureControl;
  #samples = 0;
  #failedTicks = 0;
  #state: WatcherState = 'starting';
  #reason: StateReason = { code: 'not-started' };

  constructor(options: ResolvedOptions, adapters: DaemonAdapters) {
    this.#options = options;
    this.#adapters = adapters;
    this.events = new SafeEmitter(adapters.logger);
    this.#work = new BackgroundWork(adapters.clock, adapters.logger);
    this.#heap = new LiveHeap(options.rules, adapters.window);
    const changed = () => this.#settleState();
    const parts: DaemonParts = { ...adapters, work: this.#work, events: this.events, changed };
    this.desk = new FindingDesk(options, parts);
    this.#captures = new CaptureControl(options, parts, this.#heap, this.desk);
    this.scans = new Scans(options, parts, this.#heap, this.desk, this.#captures);
    this.ownPauses = adapters.ownPauses;
    this.fullGcs = new FullGcs(options, parts, this.#heap, () => this.#captures.capturing);
    this.jobs = this.#createJobs();
  }

  start(): void {
    const { clock, gcSource, reader, sites } = this.#adapters;
    this.#heap.startedAtMs = clock.now();
    gcSource.start((events) => this.#work.guard('sampling', () => this.#onGc(events)));
    this.#work.guard('sampling', () => sites.start(clock.monotonicMs()));
    this.#work.guard('sampling', () => this.#keep(reader.onTick()));
    this.#enter('learning', { code: 'started' });
  }

  /** Ends all background work and waits until a running capture has ended. */
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
      startedAtMs: this.#heap.startedAtMs,
      lastSample: this.#heap.lastSample,
      live: this.#heap.live,
      samples: this.#samples,
      errors: this.#work.errors,
      cpuSeconds: this.#work.cpuSeconds,
      trends: this.#heap.trends,
      timeToLimit: this.#heap.timeToLimit,
      findings: this.desk.findings,
      captures: this.#captures.records,
      census: this.#captures.census,
    };
  }

  #createJobs(): readonly Job[] {
    const { sample, capture, prune } = this.#options.schedule;
    const jobs: Job[] = [
      { name: 'sample', cron: sample, run: () => this.#tick() },
      { name: 'prune', cron: prune, run: () => this.desk.prune() },
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
    const worked = this.#work.guard('sampling', () => this.#onTick());
    this.#failedTicks = worked ? 0 : this.#failedTicks + 1;
    if (this.#failedTicks >= MAX_FAILED_TICKS) this.#enter('failed', { code: 'sampling-failed' });
  }

  #onTick(): void {
    const { clock, reader, sites } = this.#adapters;
    this.#keep(reader.onTick());
    this.#work.guard('sampling', () => sites.onTick(clock.monotonicMs()));
    this.#work.guard('trend', () => this.#heap.judge(clock.now()));
    this.#work.guard('capture', () => this.#captures.onTick());
    this.#settleState();
  }

  #keep(sample: HeapSample): void {
    this.#samples += 1;
    this.#heap.add(sample);
    this.#work.guard('findings', () => this.desk.observe(sample, this.#captures.blind));
    this.events.emit('sample', sample);
  }

  #settleState(): void {
    if (this.desk.has('confirmed')) this.#enter('confirmed', { code: 'leak-confirmed' });
    else if (this.desk.has('suspected')) this.#enter('suspected', { code: 'leak-suspected' });
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

  /** The reason why nothing is captured begins with its code. */
  #reasonText(): string {
    return this.#state === 'watching' ? codedDetail(this.#reason) : stateDetail(this.#reason);
  }
}
