import { isMainThread, threadId } from 'node:worker_threads';
import { startAnalysis } from './analysis/analysis-client.js';
import { chooseDumper } from './capture/choose-dumper.js';
import { Daemon } from './daemon/daemon.js';
import type { DaemonStatus, WatcherEvents } from './daemon/daemon-status.js';
import { FinalReport } from './daemon/final-report.js';
import { OwnPauses } from './daemon/own-pauses.js';
import { reportInput } from './daemon/report-input.js';
import type { Schedule } from './daemon/schedule.js';
import { StateDirectory } from './daemon/state-directory.js';
import { LeakwatchError } from './errors.js';
import type { Finding } from './findings/finding.js';
import { type Authenticator, createAuthenticator } from './http/authenticator.js';
import type { Listener } from './http/listener.js';
import type { OpsHandler } from './http/ops-dependencies.js';
import type { Metrics } from './metrics/collectors.js';
import { fingerprintOf, type Options, type ResolvedOptions, resolveOptions } from './options/options.js';
import { buildReport, type Report } from './report/report.js';
import { terminalText } from './report/terminal-text.js';
import { createForwardClock, systemClock } from './runtime/clock.js';
import { createGuardedLogger, createLogger, type Logger, writeToStderr } from './runtime/logger.js';
import type { AllocationSites } from './sampling/allocation-profiler.js';
import { chooseSites } from './sampling/choose-sites.js';
import { chooseGcSource, createPackageLoader } from './sampling/choose-source.js';
import { createHeapReader, processReaders } from './sampling/heap-reader.js';
import type { HeapSample } from './sampling/heap-sample.js';
import { RequestCounter } from './sampling/request-counter.js';
import { SampleWindow } from './trend/sample-window.js';

export type { OpsHandler };

/** A process is watched once per thread, whatever copies of this package are loaded. Holds the watcher. */
const WATCHED = Symbol.for('leakwatch.watched');
type Watched = { [WATCHED]?: unknown };
/** Samples kept until the metrics are loaded; a program that collects more often in its first moments loses the rest. */
const MAX_BACKLOG = 2000;
const MAX_LOG_LINE = 400;
const HOW_TO_OPEN =
  "the ops endpoint is closed: set LEAKWATCH_TOKEN (or the option token) to a token from 'npx leakwatch token'";

/** A running watcher. */
export interface Watcher {
  /** Where the own listener is: `http://127.0.0.1:9464` or `unix:/path`; null where there is none. */
  readonly address: string | null;
  /** Middleware for `app.use('/ops', watcher.router())`, Express 4 and 5. Answers 404 to everything where no token is configured. */
  router(): OpsHandler;
  /** The same object as `GET /ops/leaks`. */
  report(): Report;
  on<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  once<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  off<E extends keyof WatcherEvents>(event: E, listener: (...args: WatcherEvents[E]) => void): this;
  /** From now on nobody is called for this finding (`lw-…`): no event, no warning, no alert. It stays in the report. Kept over restarts. Throws LEAKWATCH_ERR_INVALID_OPTION for what is no id. */
  mute(id: string): void;
  /** False where it was not muted. */
  unmute(id: string): boolean;
  /** Ends all that `watch()` began. Never rejects; a second call does nothing. */
  stop(): Promise<void>;
}

/**
 * Starts watching this thread. Rejects with a `LeakwatchError` when an option cannot be used; nothing is left running then.
 * Where `leakwatch/register` watches it already, such as under `leakwatch run`, that watcher is what you get, and a warning
 * that your options are not used.
 */
export async function watch(options: Options = {}): Promise<Watcher> {
  const resolved = resolveOptions(options);
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

/**
 * The composition root. It starts in two parts: `begin` hooks the GC and costs little; `open` loads what takes longer
 * than all the rest (node-cron, prom-client, Express).
 */
export class LeakWatcher implements Watcher {
  readonly #options: ResolvedOptions;
  readonly #by: 'watch' | 'register';
  readonly #authenticator: Authenticator;
  readonly #tokens: number;
  readonly #logger: Logger;
  readonly #daemon: Daemon;
  readonly #requests: RequestCounter;
  readonly #sites: AllocationSites;
  readonly #state: StateDirectory | null;
  readonly #finalReport: FinalReport | null;
  #backlog: HeapSample[] | null = [];
  #opened = false;
  #schedule: Schedule | null = null;
  #metrics: Metrics | null = null;
  #listener: Listener | null = null;
  #router: OpsHandler | null = null;
  #stopped: Promise<void> | null = null;

  /** The watcher that `leakwatch/register` began; null where there is none, or of another copy of this package. */
  static get registered(): LeakWatcher | null {
    const watcher = (globalThis as Watched)[WATCHED];
    return watcher instanceof LeakWatcher && watcher.#by === 'register' ? watcher : null;
  }

  static begin(options: ResolvedOptions, by: 'watch' | 'register'): LeakWatcher {
    const watched = globalThis as Watched;
    if (watched[WATCHED] !== undefined) {
      throw new LeakwatchError(
        'LEAKWATCH_ERR_ALREADY_WATCHING',
        'This thread is watched already, by watch() or by leakwatch/register. Stop that watcher first, or drop one of them.',
      );
    }
    const watcher = new LeakWatcher(options, by);
    watched[WATCHED] = watcher;
    watcher.#start();
    return watcher;
  }

  private constructor(options: ResolvedOptions, by: 'watch' | 'register') {
    this.#by = by;
    this.#authenticator = createAuthenticator(options.tokens);
    // Only digests of the tokens are kept: what is in the heap is in its snapshots.
    this.#options = { ...options, tokens: [] };
    this.#tokens = options.tokens.length;
    const logger =
      options.logger === null
        ? createLogger(options.log, writeToStderr)
        : createGuardedLogger(options.logger);
    this.#logger = logger;
    this.#state = StateDirectory.open(options.stateDir, (reason) =>
      logger.info(`reports are not kept over restarts: ${reason}`),
    );
    // What people and Prometheus ask of the own listener is not the service's traffic.
    const requests = new RequestCounter((server) => this.#listener?.owns(server) === true);
    this.#requests = requests;
    const ownPauses = new OwnPauses();
    const clock = createForwardClock(systemClock);
    this.#sites = chooseSites(clock, options.rules.sites);
    const findingsFile = `findings-${options.program}.json`;
    const dumper = chooseDumper(options.capture, clock);
    if (dumper.dumper === null && options.capture !== 'off')
      logger.warn(`nothing will be captured: ${dumper.reason}`);
    this.#daemon = new Daemon(options, {
      clock,
      logger,
      gcSource: chooseGcSource(options.gcSource, createPackageLoader(), isMainThread),
      reader: createHeapReader(
        processReaders(
          () => requests.count,
          () => requests.outgoingRequests,
          // Beside a worker there is the main thread at least.
          () => requests.workersStarted + (isMainThread ? 0 : 1),
        ),
        (startMs) => ownPauses.includes(startMs),
        clock,
      ),
      window: new SampleWindow(),
      dumper,
      startAnalysis: (order) => startAnalysis({ ...order, environment: options.environment }),
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
    });
    this.#finalReport =
      options.report === null
        ? null
        : new FinalReport(options.report, () => JSON.stringify(this.report(), null, 2), logger);
  }

  get address(): string | null {
    return this.#listener?.address ?? null;
  }

  router(): OpsHandler {
    if (this.#authenticator.closed) this.#logger.warn(HOW_TO_OPEN);
    return (request, response, next) => this.#router?.(request, response, next);
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
    this.#daemon.mute(fingerprintOf(id));
  }

  unmute(id: string): boolean {
    return this.#daemon.unmute(fingerprintOf(id));
  }

  /**
   * Starts the schedule, loads the metrics, and opens the own listener where one is asked for and may be opened. One that
   * cannot be opened is `refused`, which may throw.
   */
  async open(refused: (reason: unknown) => void): Promise<void> {
    const { Schedule } = await import('./daemon/schedule.js');
    if (this.#stopped !== null) return;
    this.#schedule = new Schedule(this.#daemon.jobs, this.#logger);
    this.#schedule.start();
    const { createMetrics } = await import('./metrics/collectors.js');
    if (this.#stopped !== null) return;
    this.#metrics = createMetrics(this.#daemon, this.#options.registry ?? undefined, this.#backlog ?? []);
    this.#daemon.events.off('sample', this.#keepForMetrics);
    this.#backlog = null;
    await this.#openListener().catch(refused);
    this.#opened = true;
  }

  async #openListener(): Promise<void> {
    const { listen, metricsAuth, allowedHosts } = this.#options;
    if (listen === null) return;
    if (this.#authenticator.closed && metricsAuth === 'token') {
      this.#logger.warn(`no listener is opened: ${HOW_TO_OPEN}`);
      return;
    }
    const { openListener } = await import('./http/listener.js');
    const listener = await openListener({
      listen,
      allowedHosts,
      loadRouter: () => this.#createRouter('listener'),
      logger: this.#logger,
    });
    if (this.#stopped !== null) return await listener.close();
    this.#listener = listener;
    const announce = `listening on ${listener.address}`;
    if (listen.kind === 'tcp' && listen.port === 0) writeToStderr(`leakwatch: ${announce}\n`);
    else this.#logger.info(announce);
  }

  /** For the program that calls `watch()` and was started with `leakwatch/register`. */
  async handOver(): Promise<Watcher> {
    this.#logger.warn('watched by leakwatch/register already: the options of watch() are not used');
    await this.loadRouter();
    return this;
  }

  /** Loads Express and makes `router()` answer. */
  async loadRouter(): Promise<void> {
    this.#router ??= await this.#createRouter('host');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#end();
    return this.#stopped;
  }

  #start(): void {
    this.#requests.start();
    this.#daemon.events.on('sample', this.#keepForMetrics);
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
      await this.#listener?.close();
      this.#metrics?.close();
    } catch (error) {
      this.#logger.warn(`stopping failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await this.#daemon.stop();
      this.#requests.stop();
      delete (globalThis as Watched)[WATCHED];
    }
  }

  /** The host's app leaves the metrics to the host's own registry; the own listener serves them. */
  async #createRouter(where: 'host' | 'listener'): Promise<OpsHandler> {
    const { createOpsRouter } = await import('./http/ops-router.js');
    return createOpsRouter({
      authenticator: this.#authenticator,
      report: () => this.report(),
      status: () => this.#status(),
      metrics: where === 'host' ? null : async () => await this.#exposition(),
      metricsAuth: this.#options.metricsAuth,
      logger: this.#logger,
    });
  }

  async #exposition(): Promise<{ contentType: string; body: string }> {
    const metrics = this.#metrics;
    if (metrics === null) throw new Error('the metrics are not loaded');
    return { contentType: metrics.contentType, body: await metrics.exposition() };
  }

  /** `GET /ops/status`: what is in use and why, and every option but the secrets. */
  #status(): unknown {
    const status: DaemonStatus = this.#daemon.status();
    const { gcSource, dumper, samples, errors, trends, lastSample, captures, census, state, reason } = status;
    const { logger, registry, rules, ...options } = this.#options;
    return {
      state,
      reason,
      gcSource,
      dumper,
      samples,
      errors,
      trends,
      lastSample,
      captures,
      census,
      sites: this.#sites.status(),
      listener: this.address,
      stateDirectory: this.#state?.path ?? null,
      options: { ...options, tokens: this.#tokens, logger: logger !== null, registry: registry !== null },
      rules,
    };
  }

  #reportFile(): string {
    return `report-${this.#daemon.status().startedAtMs.toString(36)}-${process.pid}-${threadId}.json`;
  }

  readonly #keepForMetrics = (sample: HeapSample): void => {
    if (this.#backlog !== null && this.#backlog.length < MAX_BACKLOG) this.#backlog.push(sample);
  };

  /** V8's profiler does not survive the end of its isolate on every version of Node: it goes first. */
  readonly #onExit = (): void => this.#sites.stop();

  readonly #onFinding = (finding: Finding): void => {
    const line = terminalText(`leak ${finding.status} (${finding.id}): ${finding.title}`, MAX_LOG_LINE);
    if (finding.status === 'confirmed' || finding.status === 'suspected') this.#logger.warn(line);
    else this.#logger.info(line);
  };
}
