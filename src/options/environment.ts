import { invalid, refuseUnknown } from './checks.js';
import type { JwtOptions, TlsOptions } from './credential-options.js';
import type { Options, ScheduleOptions } from './options.js';

/** An option, or an entry of an option that is an object. */
type OptionName =
  | keyof Options
  | `schedule.${keyof ScheduleOptions}`
  | `tls.${keyof TlsOptions}`
  | `jwt.${keyof JwtOptions}`;

const asText = (value: string): string => value;
const asList = (value: string): readonly string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** Every variable that `leakwatch/register` reads → the option it sets, and how its text is converted. */
const VARIABLES: Readonly<Record<string, readonly [OptionName, (value: string, name: string) => unknown]>> = {
  LEAKWATCH_LISTEN: ['listen', asText],
  LEAKWATCH_TOKEN: ['token', asTokens],
  LEAKWATCH_TOKEN_FILE: ['tokenFile', asText],
  LEAKWATCH_TLS_KEY: ['tls.key', asText],
  LEAKWATCH_TLS_CERT: ['tls.cert', asText],
  LEAKWATCH_TLS_CA: ['tls.ca', asText],
  LEAKWATCH_TLS_REQUEST_CERT: ['tls.requestCert', asFlag],
  LEAKWATCH_JWT_ISSUER: ['jwt.issuer', asText],
  LEAKWATCH_JWT_AUDIENCE: ['jwt.audience', asText],
  LEAKWATCH_JWT_JWKS: ['jwt.jwks', asText],
  LEAKWATCH_JWT_SCOPES_CLAIM: ['jwt.scopesClaim', asText],
  LEAKWATCH_PACE: ['pace', asText],
  LEAKWATCH_CAPTURE: ['capture', asText],
  LEAKWATCH_PAUSE_BUDGET_MS: ['pauseBudgetMs', Number],
  LEAKWATCH_STATE_DIR: ['stateDir', asText],
  LEAKWATCH_REPORT: ['report', asText],
  LEAKWATCH_METRICS_AUTH: ['metricsAuth', asText],
  LEAKWATCH_REPL: ['repl', asText],
  LEAKWATCH_LOG: ['log', asText],
  LEAKWATCH_GC_SOURCE: ['gcSource', asText],
  LEAKWATCH_ALLOW_REMOTE: ['allowRemote', asFlag],
  LEAKWATCH_ALLOWED_HOSTS: ['allowedHosts', asList],
  LEAKWATCH_MUTE: ['mute', asList],
  LEAKWATCH_SAMPLE_CRON: ['schedule.sample', asText],
  LEAKWATCH_CAPTURE_CRON: ['schedule.capture', asText],
  LEAKWATCH_PRUNE_CRON: ['schedule.prune', asText],
};

/** Not an option: what a program sets in its own code, its environment must confirm. */
export const EVAL_ACKNOWLEDGEMENT = 'LEAKWATCH_ACKNOWLEDGE_EVAL';

export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);
/** A function, a logger or a registry cannot be set by a variable. */
const OTHERS: readonly OptionName[] = ['logger', 'registry', 'authorize', 'tls.clients'];
const PATHS = [...Object.values(VARIABLES).map(([path]) => path), ...OTHERS].map((path) => path.split('.'));
export const OPTION_NAMES: readonly string[] = [...new Set(PATHS.map(([name]) => name!))];
/** Such as `schedule.sample`. */
export const ENTRY_PATHS: readonly string[] = PATHS.filter(({ length }) => length > 1).map((path) =>
  path.join('.'),
);

/** Names of the entries of an option that is an object. */
export function entryNames(option: 'schedule' | 'tls' | 'jwt'): readonly string[] {
  return PATHS.flatMap(([name, entry]) => (name === option ? (entry ?? []) : []));
}

/** Kubernetes sets such variables for every Service of a namespace, so a Service may be named `leakwatch`. */
const SERVICE_LINK = /^LEAKWATCH_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[A-Z0-9_]+)?)$/;

/**
 * The options that `LEAKWATCH_*` variables set, their values not yet checked. An empty variable counts as unset; an unknown
 * one throws a `LeakwatchError`.
 */
export function optionsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Options {
  const options: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('LEAKWATCH_') || value === undefined || value === '' || SERVICE_LINK.test(name))
      continue;
    if (name === EVAL_ACKNOWLEDGEMENT) continue;
    refuseUnknown([name], [...VARIABLE_NAMES, EVAL_ACKNOWLEDGEMENT], 'environment variable');
    const [path, read] = VARIABLES[name]!;
    const [option, entry] = path.split('.') as [string, string?];
    if (entry === undefined) options[option] = read(value, name);
    else groups[option] = { ...groups[option], [entry]: read(value, name) };
  }
  return { ...options, ...groups };
}

/** A list is separated by blanks and commas, which the fields of a token contain too. */
function asTokens(value: string, name: string): readonly string[] {
  const tokens = asList(value);
  if (tokens.some((one) => /^(scope|expires|id)=/.test(one)))
    throw invalid(
      `${name} takes tokens without fields: put scope=, expires= and id= into LEAKWATCH_TOKEN_FILE`,
    );
  return tokens;
}

function asFlag(value: string, name: string): boolean {
  if (['1', 'true', 'yes'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no'].includes(value.toLowerCase())) return false;
  throw invalid(`${name} is 1 or 0, not '${value.slice(0, 20)}'`);
}
