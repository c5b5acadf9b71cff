import { hash } from 'node:crypto';
import type { AccessSettings } from '../access/access-control.js';
import { LeakwatchError } from '../errors.js';
import type { Fingerprint } from '../heap/naming/retainer-step.js';
import { PACE_RULES, PACES } from '../pace/pace.js';
import { LOG_LEVELS, type Logger } from '../runtime/logger.js';
import { GC_SOURCE_NAMES } from '../sampling/gc-source.js';
import { flag, invalid, list, oneOf, positive, refuseUnknown, shown, text } from './checks.js';
import type { TlsSettings } from './credential-options.js';
import { EVAL_ACKNOWLEDGEMENT, entryNames, OPTION_NAMES } from './environment.js';
import { jwtOf } from './jwt.js';
import { isLoopback, type ListenAddress, parseListenAddress } from './listen-address.js';
import {
  CAPTURE_MODES,
  METRICS_AUTH,
  type Options,
  REPL_MODES,
  type ReplOption,
  type ResolvedOptions,
  type ScheduleOptions,
} from './options.js';
import { stateDirectories } from './state-directories.js';
import { tlsOf } from './tls.js';
import { grantsOf, withTokenFile } from './tokens.js';

/** Checks and completes `options`. Throws a `LeakwatchError` that says how to fix them. */
export function resolveOptions(options: Options = {}): ResolvedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalid('watch() takes an object of options');
  }
  refuseUnknown(Object.keys(options), OPTION_NAMES, 'option');
  const pace = oneOf(options.pace, PACES, 'production', 'pace');
  const rules = PACE_RULES[pace];
  const listen =
    options.listen === undefined ? null : parseListenAddress(text(options.listen, 'listen') ?? '');
  const metricsAuth = oneOf(options.metricsAuth, METRICS_AUTH, 'token', 'metricsAuth');
  const tls = tlsOf(options.tls);
  refuseTlsWithoutListener(listen, tls);
  refuseExposure({ listen, metricsAuth, tls }, flag(options.allowRemote, 'allowRemote'));
  const capture = oneOf(options.capture, CAPTURE_MODES, 'auto', 'capture');
  return Object.freeze({
    listen,
    access: accessOf(options, tls),
    tls,
    pace,
    rules,
    capture,
    pauseBudgetMs: positive(options.pauseBudgetMs, rules.pauseBudgetMs, 'pauseBudgetMs'),
    stateDir: stateDirectories(text(options.stateDir, 'stateDir')),
    report: text(options.report, 'report') ?? null,
    metricsAuth,
    repl: replOf(options.repl),
    log: oneOf(options.log, LOG_LEVELS, 'warn', 'log'),
    logger: loggerOf(options.logger),
    gcSource: oneOf(options.gcSource, ['auto', ...GC_SOURCE_NAMES] as const, 'auto', 'gcSource'),
    registry: options.registry ?? null,
    schedule: scheduleOf(options.schedule, { rules, capture }),
    allowedHosts: list(options.allowedHosts, 'allowedHosts', 'host names'),
    mute: list(options.mute, 'mute', 'finding ids').map(fingerprintOf),
    program: programHash(),
    environment: process.env,
  });
}

function accessOf(options: Options, tls: TlsSettings | null): AccessSettings {
  const fixed = grantsOf(options.token);
  const tokenFile = text(options.tokenFile, 'tokenFile') ?? null;
  const { authorize = null } = options;
  if (authorize !== null && typeof authorize !== 'function') throw invalid('authorize takes a function');
  return {
    tokens: withTokenFile(fixed, tokenFile, false),
    tokenFile,
    readTokens: () => withTokenFile(fixed, tokenFile, true),
    authorize,
    jwt: jwtOf(options.jwt),
    clients: tls?.clients ?? [],
  };
}

function refuseTlsWithoutListener(listen: ListenAddress | null, tls: TlsSettings | null): void {
  if (tls === null || listen?.kind === 'tcp') return;
  throw new LeakwatchError(
    'LEAKWATCH_ERR_OPTION_CONFLICT',
    "tls is for a listener with host and port, but listen is not set. Set listen, such as '0.0.0.0:9464', or remove tls.",
  );
}

function refuseExposure(
  { listen, metricsAuth, tls }: Pick<ResolvedOptions, 'listen' | 'metricsAuth' | 'tls'>,
  allowRemote: boolean,
): void {
  const remote = listen !== null && listen.kind === 'tcp' && !isLoopback(listen.host);
  if (remote && metricsAuth === 'none') {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_OPTION_CONFLICT',
      `metricsAuth 'none' serves metrics to anyone who can connect, so it needs a loopback address, but listen is '${listen.host}'. Listen on 127.0.0.1, or give the scraper a token.`,
    );
  }
  if (remote && tls === null && !allowRemote) {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_LISTEN_EXPOSED',
      `Other hosts can reach listen '${listen.host}', without TLS. Listen on 127.0.0.1, set tls, or acknowledge it with allowRemote: true (LEAKWATCH_ALLOW_REMOTE=1) on a private network.`,
    );
  }
}

/** An option can come from code that nobody reviewed for this; a variable of the environment is set by who runs the service. */
function replOf(given: ReplOption | undefined): ReplOption {
  const repl = oneOf(given, REPL_MODES, 'off', 'repl');
  const acknowledged = process.env[EVAL_ACKNOWLEDGEMENT];
  if (repl === 'off' || acknowledged === repl || acknowledged === 'full') {
    if (repl === 'off' || process.features.inspector) return repl;
    throw invalid(`repl '${repl}' needs the inspector, which this build of Node.js lacks`);
  }
  throw new LeakwatchError(
    'LEAKWATCH_ERR_EVAL_UNACKNOWLEDGED',
    `repl '${repl}' lets clients with the scope eval run expressions in this process, which is no sandbox. Acknowledge it with the environment variable ${EVAL_ACKNOWLEDGEMENT}=${repl}, or leave repl off.`,
  );
}

function scheduleOf(
  schedule: ScheduleOptions = {},
  { rules, capture }: Pick<ResolvedOptions, 'rules' | 'capture'>,
): ResolvedOptions['schedule'] {
  if (typeof schedule !== 'object' || schedule === null)
    throw invalid("schedule takes an object such as { capture: '0 * * * *' }");
  refuseUnknown(Object.keys(schedule), entryNames('schedule'), 'schedule entry');
  const captureCron = schedule.capture === null ? null : (text(schedule.capture, 'schedule.capture') ?? null);
  if (captureCron !== null && capture === 'off') {
    throw new LeakwatchError(
      'LEAKWATCH_ERR_OPTION_CONFLICT',
      "schedule.capture requests captures, but capture is 'off'. Remove one of them.",
    );
  }
  return Object.freeze({
    sample: text(schedule.sample, 'schedule.sample') ?? rules.sampleCron,
    capture: captureCron,
    prune: text(schedule.prune, 'schedule.prune') ?? '17 * * * *',
  });
}

function loggerOf(given: Logger | undefined): Logger | null {
  if (given === undefined) return null;
  const methods = ['warn', 'info', 'debug'] as const;
  if (methods.every((method) => typeof given?.[method] === 'function')) return given;
  throw invalid(`logger needs the methods ${methods.join(', ')}`);
}

/** The id of a finding; throws a `LeakwatchError` for anything else. */
export function fingerprintOf(id: unknown): Fingerprint {
  if (typeof id === 'string' && /^lw-[0-9a-f]{16}$/.test(id)) return id as Fingerprint;
  throw invalid(`mute takes finding ids such as 'lw-0123456789abcdef', not ${shown(id)}`);
}

function programHash(): string {
  const identity = [workingDirectory(), ...process.argv.slice(1, 2)].join('\u0000');
  return hash('sha256', identity).slice(0, 16);
}

/** The working directory may have been deleted. */
function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}
