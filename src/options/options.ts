import type { AccessSettings } from '../access/access-control.js';
import type { AuthorizeHook } from '../access/authorize-hook.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import type { Pace, PaceRules } from '../pace/pace.js';
import type { Logger, LogLevel } from '../runtime/logger.js';
import type { GcSourceName } from '../sampling/gc-source.js';
import type { JwtOptions, TlsOptions, TlsSettings } from './credential-options.js';
import type { ListenAddress } from './listen-address.js';
import type { MetricsRegistry } from './metrics-registry.js';
import type { StateDirectories } from './state-directories.js';

export const CAPTURE_MODES = ['auto', 'fork', 'inline', 'off'] as const;
export type CaptureMode = (typeof CAPTURE_MODES)[number];

export const REPL_MODES = ['off', 'read-only', 'full'] as const;
export type ReplOption = (typeof REPL_MODES)[number];

export const METRICS_AUTH = ['token', 'none'] as const;
export type MetricsAuth = (typeof METRICS_AUTH)[number];

/** Cron expressions of five fields, or six with seconds first. */
export interface ScheduleOptions {
  /** When memory is sampled, in addition to the samples at each GC. Default: every second (`fast`), every ten seconds (`production`). */
  readonly sample?: string;
  /** Captures that do not depend on the trend, such as `0 * * * *`. Default: none. */
  readonly capture?: string | null;
  /** When old files in the state directory are deleted. Default: `17 * * * *`. */
  readonly prune?: string;
}

/** Options of `watch()`; all optional. */
export interface Options {
  /** Own listener: `host:port`, `[::1]:port` (port 0: any free port) or `unix:/path`. Default: none. */
  readonly listen?: string;
  /** Bearer token or tokens for `/ops`, from `leakwatch token` or `issueToken()`, each with fields like a line of `tokenFile`. Default: none, so the endpoint stays closed. */
  readonly token?: string | readonly string[];
  /** File with one token per line, `TOKEN [scope=read,dump] [expires=2030-12-31] [id=ci]`, readable by its owner only. Read again when it changes. Default: none. */
  readonly tokenFile?: string;
  /** Called for a request without a valid token; says whose it is. Default: none. */
  readonly authorize?: AuthorizeHook;
  readonly jwt?: JwtOptions;
  readonly tls?: TlsOptions;
  /** `production` or `fast` (for tests, CI and a first try). Default: `production`. */
  readonly pace?: Pace;
  /** How heap graphs are captured. Default: `auto`, which has the shortest pause that this machine allows. */
  readonly capture?: CaptureMode;
  /** A capture that is predicted to pause the service for longer is skipped, milliseconds. Default: 1,000 (`production`), 5,000 (`fast`). */
  readonly pauseBudgetMs?: number;
  /** Directory that keeps reports across restarts. Default: a per-user state directory. */
  readonly stateDir?: string;
  /** File that receives the final report (JSON) when the program ends. Default: none. */
  readonly report?: string;
  /** `none` serves metrics without a token, on loopback only. Default: `token`. */
  readonly metricsAuth?: MetricsAuth;
  /**
   * Expressions at `POST /ops/eval`: `read-only` evaluates in a forked copy of the service, `full` in the service itself. The variable
   * LEAKWATCH_ACKNOWLEDGE_EVAL must say the same. Default: `off`.
   */
  readonly repl?: ReplOption;
  /** Default: `warn`. */
  readonly log?: LogLevel;
  /** Receives the log instead of stderr. */
  readonly logger?: Logger;
  /** Source of GC events. Default: `auto`, the best one that loads. */
  readonly gcSource?: GcSourceName | 'auto';
  /** prom-client registry that receives the metrics. Default: a separate one. */
  readonly registry?: MetricsRegistry;
  readonly schedule?: ScheduleOptions;
  /** Acknowledges that other hosts can reach `listen`, without TLS. Default: false. */
  readonly allowRemote?: boolean;
  /** Further names for the own listener in the `Host` header. Default: none. */
  readonly allowedHosts?: readonly string[];
  /** IDs (`lw-…`) of findings to mute. Default: none. */
  readonly mute?: readonly string[];
}

/** Options with every default filled in; frozen. */
export interface ResolvedOptions
  extends Required<
    Pick<
      Options,
      'pace' | 'capture' | 'pauseBudgetMs' | 'metricsAuth' | 'repl' | 'log' | 'gcSource' | 'allowedHosts'
    >
  > {
  readonly listen: ListenAddress | null;
  /** Every credential; tokens as digests. */
  readonly access: AccessSettings;
  readonly tls: TlsSettings | null;
  readonly rules: PaceRules;
  readonly stateDir: StateDirectories;
  readonly report: string | null;
  readonly logger: Logger | null;
  readonly registry: MetricsRegistry | null;
  readonly schedule: Required<ScheduleOptions>;
  readonly mute: readonly Fingerprint[];
  /** Hash of the program and its working directory: the same after a restart. */
  readonly program: string;
  /** This process's environment; the analysis process gets the variables that Node may need to start. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
