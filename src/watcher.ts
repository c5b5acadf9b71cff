import { createRequire } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';
import { NO_ACCESS } from './access/access-control.js';
import { startAnalysis } from './analysis/analysis-client.js';
import { chooseDumper } from './capture/choose-dumper.js';
import { Daemon } from './daemon/daemon.js';
import type { WatcherEvents } from './daemon/daemon-status.js';
import { FinalReport } from './daemon/final-report.js';
import { OwnPauses } from './daemon/own-pauses.js';
import { reportInput } from './daemon/report-input.js';
import type { Schedule } from './daemon/schedule.js';
import { StateDirectory } from './daemon/state-directory.js';
import { LeakwatchError } from './errors.js';
import type { Finding } from './findings/finding.js';
import type { OpsHandler } from './http/ops-dependencies.js';
import { OpsEndpoint, type StartedBy } from './ops-endpoint.js';
import type { Options, ResolvedOptions } from './options/options.js';
import { fingerprintOf, resolveOptions } from './options/resolve-options.js';
import { registrationSettled } from './registration.js';
import { buildReport, type Report } from './report/report.js';
import { terminalText } from './report/terminal-text.js';
import { createForwardClock, systemClock } from './runtime/clock.js';
import { createGuardedLogger, createLogger, type Logger, writeToStderr } from './runtime/logger.js';
import { say } from './runtime/say.js';
import { type AllocationSites, SampledSites } from './sampling/allocation-profiler.js';
import { chooseGcSource } from './sampling/choose-source.js';
import { v8FullGc } from './sampling/full-gc.js';
import { createHeapReader, processReaders } from './sampling/heap-reader.js';
import { RequestCounter } from './sampling/request-counter.js';
import { createSamplingSlot } from './sampling/sampling-slot.js';
import { SampleWindow } from './trend/sample-window.js';

export type { OpsHandler };

/** A process is watched once per thread, whatever copies of this package are loaded. Holds the watcher. */
const WATCHED = Symbol.for('leakwatch.watched');
type Watched = { [WATCHED]?: unknown };
const MAX_LOG_LINE = 400;

/** A running watcher. */
export interface Watcher {
  /** Address of the own listener: `http://127.0.0.1:9464` or `unix:/path`; null without one. */
  readonly address: string | null;
  /** Middleware for `app.use('/ops', watcher.router())`, Express 4 and 5. Answers 404 to everything if no token is configured. */
  router(): OpsHandler;
  /** The same object as `GET /ops/leaks`. */
  report(): Report;
  on<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  once<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  off<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  /** Mutes this finding (`lw-…`): no event, no warning, no alert. It stays in the report. Kept across restarts. Throws LEAKWATCH_ERR_INVALID_OPTION for a malformed id. */
  mute(id: string): void;
  /** False if it was not muted. */
  unmute(id: string): boolean;
  /** Names a value for probes and expressions, such as `expose('pool', () => pool)`; returns a function that takes the name back. 64 at most; throws LEAKWATCH_ERR_INVALID_OPTION. */
  expose(name: string, value: () => unknown): () => void;
  /** Ends everything that `watch()` started. Never rejects; a second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts watching this thread. Rejects with a `LeakwatchError` when an option cannot be used; nothing is left running then.
 * If `leakwatch/register` already watches it, such as under `leakwatch run`, you get that watcher, and a warning that your
 * options are ignored.
 */
export async function watch(options: Options = {}): Promise<Watcher> {
  const resolved = resolveOptions(options);
  await registrationSettled();
  const registered = LeakWatcher.registered;
  if (registered !== null) return await registered.handOver();
  const watcher = LeakWatcher.begin(resolved, 'watch');
  try {
    await watcher.open((reason) => {
      throw reason;
    });
    await watcher.loadRouter();
  } catch (error) {
    await watcher.stop();
    throw error;
  }
  return watcher;
}

/** The composition root. It starts in two parts: `begin` hooks the GC; `open` loads what takes long (node-cron, prom-client, Express). */
export class LeakWatcher implements Watcher {
  readonly #by: StartedBy;
  readonly #logger: Logger;
  readonly #daemon: Daemon;
  readonly #requests: RequestCounter;
  readonly #sites: AllocationSites;
  readonly #endpoint: OpsEndpoint;
  readonly #state: StateDirectory | null;
  readonly #finalReport: FinalReport | null;
  #opened = false;
  #schedule: Schedule | null = null;
  #stopped: Promise<void> | null = null;

  /** The watcher that `leakwatch/register` began; null without one, or if another copy of this package began it. */
  static get registered(): LeakWatcher | null {
    const watcher = (globalThis as Watched)[WATCHED];
    return watcher instanceof LeakWatcher && watcher.#by === 'register' ? watcher : null;
  }

  static begin(options: ResolvedOptions, by: StartedBy): LeakWatcher {
    const watched = globalThis as Watched;
    if (watched[WATCHED] !== undefined) {
      throw new LeakwatchError(
        'LEAKWATCH_ERR_ALREADY_WATCHING',
        say`This thread is already being watched, by watch() or by leakwatch/register. Stop that watcher first, or remove one of the two.`,
      );
    }
    const watcher = new LeakWatcher(options, by);
    watched[WATCHED] = watcher;
    watcher.#start();
    return watcher;
  }

  private constructor(options: ResolvedOptions, by: StartedBy) {
    this.#by = by;
    const logger =
      options.logger === null
        ? createLogger(options.log, writeToStderr)
        : createGuardedLogger(options.logger);
    this.#logger = logger;
    this.#state = StateDirectory.open(options.stateDir, logger);
    // Requests to the own listener are not the service's traffic.
    const requests = new RequestCounter((server) => this.#endpoint.owns(server));
    this.#requests = requests;
    const ownPauses = new OwnPauses();
    const clock = createForwardClock(systemClock);
    this.#sites = new SampledSites(createSamplingSlot(), clock, options.rules.sites);
    const findingsFile = `findings-${options.program}.json`;
    const dumper = chooseDumper(options.capture, clock);
    if (dumper.dumper === null && options.capture !== 'off')
      logger.warn(say`captures are not possible: ${dumper.reason}`);
    // A heap snapshot contains everything in the heap, so only the endpoint keeps credentials, tokens as digests, and nothing here holds `options`.
    const { environment } = options;
    this.#daemon = new Daemon(
      { ...options, access: NO_ACCESS, tls: null },
      {
        clock,
        logger,
        gcSource: chooseGcSource(options.gcSource, createRequire(import.meta.url), isMainThread),
        reader: createHeapReader(
          processReaders(() => {
            const { counts } = requests;
            // A process with a worker has at least the main thread as well.
            return isMainThread ? counts : { ...counts, workersStarted: counts.workersStarted + 1 };
          }),
          (startMs) => ownPauses.includes(startMs),
          clock,
        ),
        window: new SampleWindow(),
        dumper,
        fullGc: v8FullGc,
        startAnalysis: (order) => startAnalysis({ ...order, environment }),
        ownPauses,
        sites: this.#sites,
        store: {
          keep: (findings) => {
            this.#state?.write(this.#reportFile(), JSON.stringify(this.report()));
            this.#state?.write(findingsFile, findings);
          },
          restore: () => this.#state?.read(findingsFile) ?? null,
          prune: () => this.#state?.prune(systemClock.now()),
        },
      },
    );
    this.#endpoint = new OpsEndpoint(options, {
      by,
      daemon: this.#daemon,
      sites: this.#sites,
      stateDirectory: this.#state?.path ?? null,
      logger,
    });
    this.#finalReport =
      options.report === null
        ? null
        : new FinalReport(options.report, () => JSON.stringify(this.report(), null, 2), logger);
  }

  get address(): string | null {
    return this.#endpoint.address;
  }

  router(): OpsHandler {
    return this.#endpoint.router();
  }

  report(): Report {
    return buildReport(
      reportInput(this.#daemon.status(), { pid: process.pid, nodeVersion: process.version, threadId }),
    );
  }

  on<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this {
    this.#daemon.events.on(event, listener);
    return this;
  }

  once<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this {
    this.#daemon.events.once(event, listener);
    return this;
  }

  off<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this {
    this.#daemon.events.off(event, listener);
    return this;
  }

  mute(id: string): void {
    this.#daemon.desk.mute(fingerprintOf(id));
  }

  unmute(id: string): boolean {
    return this.#daemon.desk.unmute(fingerprintOf(id));
  }

  expose(name: string, value: () => unknown): () => void {
    return this.#endpoint.roots.expose(name, value);
  }

  /**
   * Starts the schedule, loads the metrics, and opens the own listener if one is configured and allowed. If it cannot be
   * opened, calls `refused`, which may throw.
   */
  async open(refused: (reason: unknown) => void): Promise<void> {
    const { Schedule } = await import('./daemon/schedule.js');
    if (this.#stopped !== null) return;
    this.#schedule = new Schedule(this.#daemon.jobs, this.#logger);
    this.#schedule.start();
    await this.#endpoint.loadAccess();
    await this.#endpoint.loadMetrics();
    if (this.#stopped !== null) return;
    await this.#endpoint.listen().catch(refused);
    this.#opened = true;
  }

  /** For the program that calls `watch()` and was started with `leakwatch/register`. */
  async handOver(): Promise<Watcher> {
    this.#logger.warn(
      say`leakwatch/register already watches this process: the options of watch() are ignored`,
    );
    await this.loadRouter();
    return this;
  }

  /** Loads Express and makes `router()` answer. */
  async loadRouter(): Promise<void> {
    await this.#endpoint.loadRouter();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  #start(): void {
    this.#requests.start();
    this.#endpoint.start();
    this.#daemon.events.on('finding', this.#onFinding);
    this.#daemon.start();
    this.#finalReport?.arm();
    process.on('exit', this.#onExit);
  }

  /** A watcher that never opened leaves no report: it would replace that of a run that did. */
  async #end(): Promise<void> {
    this.#sites.stop();
    process.off('exit', this.#onExit);
    this.#finalReport?.disarm();
    if (this.#opened) this.#finalReport?.write();
    try {
      this.#schedule?.stop();
      await this.#endpoint.close();
    } catch (error) {
      this.#logger.warn(say`stopping failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await this.#daemon.stop();
      this.#requests.stop();
      delete (globalThis as Watched)[WATCHED];
    }
  }

  #reportFile(): string {
    return `report-${this.#daemon.status().startedAtMs.toString(36)}-${process.pid}-${threadId}.json`;
  }

  /** V8's profiler must be stopped before its isolate ends: on some Node versions it would crash the process. */
  readonly #onExit = (): void => this.#sites.stop();

  readonly #onFinding = (finding: Finding): void => {
    const line = terminalText(say`leak ${finding.status} (${finding.id}): ${finding.title}`, MAX_LOG_LINE);
    if (finding.status === 'confirmed' || finding.status === 'suspected') this.#logger.warn(line);
    else this.#logger.info(line);
  };
}
