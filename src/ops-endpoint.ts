import { threadId } from 'node:worker_threads';
import { AccessControl, NO_ACCESS } from './access/access-control.js';
import type { Limits } from './access/limits.js';
import { OpsAudit } from './audit/ops-audit.js';
import type { Daemon } from './daemon/daemon.js';
import { reportInput } from './daemon/report-input.js';
import type { Listener } from './http/listener.js';
import type { OpsHandler, OwnListener } from './http/ops-dependencies.js';
import type { OpsStatus } from './http/schema/status.js';
import type { Metrics } from './metrics/collectors.js';
import { Operations } from './operations/operations.js';
import { createActs } from './ops-acts.js';
import type { ResolvedOptions } from './options/options.js';
import type { Profiles } from './profiles/profiles.js';
import { ExposedRoots } from './repl/exposed-roots.js';
import type { Repl } from './repl/repl.js';
import { createForwardClock, systemClock } from './runtime/clock.js';
import { type Logger, writeToStderr } from './runtime/logger.js';
import { packageVersion } from './runtime/package-version.js';
import { say } from './runtime/say.js';
import type { AllocationSites } from './sampling/allocation-profiler.js';
import type { HeapSample } from './sampling/heap-sample.js';

/** `watch()` reads no variables, so a variable would not help its caller. */
const howToOpen = (by: StartedBy): string =>
  by === 'register'
    ? say`the ops endpoint is closed: set LEAKWATCH_TOKEN to a token from 'npx leakwatch token', or LEAKWATCH_TOKEN_FILE`
    : say`the ops endpoint is closed: give watch() the option token, with a token from 'npx leakwatch token', or tokenFile; it reads no LEAKWATCH_* variables`;

/** Samples kept until the metrics are loaded; a program with more GC cycles in its first moments loses the rest. */
const MAX_BACKLOG = 2000;

/** Whether its options come from the program or from the environment. */
export type StartedBy = 'watch' | 'register';

interface Published {
  readonly by: StartedBy;
  readonly daemon: Daemon;
  readonly sites: AllocationSites;
  readonly stateDirectory: string | null;
  readonly logger: Logger;
}

/**
 * Serves the watcher's figures: metrics, the router for the host's app, and the own listener. prom-client and Express
 * take longer to load than everything else, so a separate method loads each.
 */
export class OpsEndpoint {
  readonly roots = new ExposedRoots();
  readonly #options: ResolvedOptions;
  readonly #access: AccessControl;
  readonly #tokens: number;
  readonly #published: Published;
  readonly #operations: Operations;
  readonly #audit: OpsAudit;
  #backlog: HeapSample[] = [];
  #metrics: Metrics | null = null;
  #listener: Listener | null = null;
  #repl: Promise<Repl> | null = null;
  #router: OpsHandler | null = null;
  /** The same for both routers: a client is one client, whichever way it comes. */
  #limits: Promise<Limits> | null = null;
  #closed = false;

  constructor(options: ResolvedOptions, published: Published) {
    this.#access = new AccessControl(options.access, published.logger);
    this.#options = { ...options, access: NO_ACCESS };
    this.#tokens = options.access.tokens.length;
    this.#published = published;
    this.#audit = new OpsAudit({
      directory: published.stateDirectory,
      program: options.program,
      writer: { pid: process.pid, threadId, version: packageVersion() },
      clock: systemClock,
      logger: published.logger,
    });
    this.#operations = new Operations(createForwardClock(systemClock), published.logger, (operation) =>
      this.#audit.operationEnded(operation),
    );
  }

  get address(): string | null {
    return this.#listener?.address ?? null;
  }

  /** Whether this server of `node:http` is the own listener. */
  owns(server: unknown): boolean {
    return this.#listener?.owns(server) === true;
  }

  router(): OpsHandler {
    const { by, logger } = this.#published;
    if (this.#access.host.closed) logger.warn(howToOpen(by));
    return (request, response, next) => this.#router?.(request, response, next);
  }

  /** Loads Express and makes `router()` answer. */
  async loadRouter(): Promise<void> {
    this.#router ??= await this.#createRouter(null);
  }

  /** Until the metrics are loaded, samples are kept for them. */
  start(): void {
    this.#published.daemon.events.on('sample', this.#keep);
    this.#access.start();
  }

  /** Rejects with a `LeakwatchError` if an option needs a package that is not installed. */
  async loadAccess(): Promise<void> {
    await this.#access.load();
  }

  async loadMetrics(): Promise<void> {
    const { daemon } = this.#published;
    const { createMetrics } = await import('./metrics/collectors.js');
    if (this.#closed) return;
    this.#metrics = createMetrics(daemon, this.#options.registry ?? undefined, this.#backlog);
    daemon.events.off('sample', this.#keep);
    this.#backlog = [];
  }

  /** Opens the own listener if one is configured and allowed. */
  async listen(): Promise<void> {
    const { by, logger } = this.#published;
    const { listen, metricsAuth, allowedHosts, tls } = this.#options;
    if (listen === null) return;
    if (this.#access.listener.closed && metricsAuth === 'token') {
      logger.warn(say`no listener is opened, because ${howToOpen(by)}`);
      return;
    }
    const { openListener } = await import('./http/listener.js');
    const loadRouter = (own: OwnListener) => this.#createRouter(own);
    const limits = await this.#loadLimits();
    const listener = await openListener({ listen, allowedHosts, tls, loadRouter, limits, logger });
    if (this.#closed) return await listener.close();
    this.#listener = listener;
    const announce = `listening on ${listener.address}`;
    if (listen.kind === 'tcp' && listen.port === 0) writeToStderr(`leakwatch: ${announce}\n`);
    else logger.info(announce);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const stopped = this.#operations.stop();
    this.#access.stop();
    await this.#listener?.close();
    await stopped;
    await this.#audit.close();
    this.#metrics?.close();
  }

  /** The host's app leaves the metrics to the host's own registry; the own listener serves them. */
  async #createRouter(own: OwnListener | null): Promise<OpsHandler> {
    const { daemon, logger } = this.#published;
    const { pid, version: nodeVersion } = process;
    const limits = await this.#loadLimits();
    const { createOpsRouter } = await import('./http/ops-router.js');
    const profiles = await this.#loadProfiles();
    this.#repl ??= this.#createRepl();
    const { probes, expressions } = await this.#repl;
    return createOpsRouter({
      authenticator: own === null ? this.#access.host : this.#access.listener,
      limits,
      own,
      report: () => reportInput(daemon.status(), { pid, nodeVersion, threadId }),
      status: () => this.#status(),
      metrics: own === null ? null : () => this.#exposition(),
      metricsAuth: this.#options.metricsAuth,
      operations: this.#operations,
      profiles,
      acts: createActs(daemon, this.#operations),
      audited: (call) => this.#audit.audited(call),
      answered: (requestId, status) => this.#audit.answered(requestId, status),
      denied: (request, principal, outage) => this.#audit.denied(request, principal, outage),
      probes,
      expressions,
      logger,
    });
  }

  #loadLimits(): Promise<Limits> {
    this.#limits ??= import('./access/limits.js').then((module) => new module.Limits());
    return this.#limits;
  }

  async #loadProfiles(): Promise<Profiles> {
    const { Profiles: Loaded } = await import('./profiles/profiles.js');
    const { cpuRecorder } = await import('./profiles/cpu-recorder.js');
    const { pid, version: nodeVersion } = process;
    return new Loaded({
      sites: this.#published.sites,
      cpu: cpuRecorder,
      clock: systemClock,
      operations: this.#operations,
      pauseBudgetMs: this.#options.pauseBudgetMs,
      paused: (fromMs, toMs) => this.#published.daemon.ownPauses.add(fromMs, toMs),
      origin: { pid, threadId, nodeVersion, packageVersion: packageVersion() },
    });
  }

  /** One for all routers, since its limits hold for the process. */
  async #createRepl(): Promise<Repl> {
    const { daemon } = this.#published;
    const { repl: mode, environment, pauseBudgetMs } = this.#options;
    const { createRepl } = await import('./repl/repl.js');
    return await createRepl({
      clock: systemClock,
      roots: this.roots,
      mode,
      environment,
      pauseBudgetMs,
      findings: () => daemon.desk.findings,
      sample: () => daemon.status().lastSample,
      paused: (fromMs, toMs) => daemon.ownPauses.add(fromMs, toMs),
    });
  }

  async #exposition(): Promise<{ contentType: string; body: string }> {
    const metrics = this.#metrics;
    if (metrics === null) throw new Error('the metrics are not loaded');
    return { contentType: metrics.contentType, body: await metrics.exposition() };
  }

  /** `GET /ops/status`: what is in use and why, and every option but the secrets. */
  #status(): OpsStatus {
    const { daemon, sites, stateDirectory } = this.#published;
    const { gcSource, dumper, samples, errors, trends, lastSample, captures, census, ...status } =
      daemon.status();
    // The environment holds the secrets of the whole service.
    const { logger, registry, rules, environment: _, access: __, tls, ...options } = this.#options;
    return {
      state: status.state,
      reason: status.reason,
      gcSource,
      dumper,
      samples,
      errors,
      trends,
      lastSample,
      captures,
      census,
      sites: sites.status(),
      listener: this.address,
      stateDirectory,
      audit: this.#audit.status(),
      access: this.#access.status(),
      options: {
        ...options,
        tls: tls !== null,
        tokens: this.#tokens,
        logger: logger !== null,
        registry: registry !== null,
      },
      rules: { ...rules },
    };
  }

  readonly #keep = (sample: HeapSample): void => {
    if (this.#backlog.length < MAX_BACKLOG) this.#backlog.push(sample);
  };
}
