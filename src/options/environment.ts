import { invalid, refuseUnknown } from './checks.js';
import type { Options, ScheduleOptions } from './options.js';

type OptionName = keyof Options | `schedule.${keyof ScheduleOptions}`;

const asText = (value: string): string => value;
const asList = (value: string): readonly string[] => value.split(/[\s,]+/).filter((part) => part !== '');

/** Every variable that `leakwatch/register` reads → the option it sets, and how its text is converted. */
const VARIABLES: Readonly<Record<string, readonly [OptionName, (value: string, name: string) => unknown]>> = {
  LEAKWATCH_LISTEN: ['listen', asText],
  LEAKWATCH_TOKEN: ['token', asList],
  LEAKWATCH_TOKEN_FILE: ['tokenFile', asText],
  LEAKWATCH_PACE: ['pace', asText],
  LEAKWATCH_CAPTURE: ['capture', asText],
  LEAKWATCH_PAUSE_BUDGET_MS: ['pauseBudgetMs', Number],
  LEAKWATCH_STATE_DIR: ['stateDir', asText],
  LEAKWATCH_REPORT: ['report', asText],
  LEAKWATCH_METRICS_AUTH: ['metricsAuth', asText],
  LEAKWATCH_LOG: ['log', asText],
  LEAKWATCH_GC_SOURCE: ['gcSource', asText],
  LEAKWATCH_ALLOW_REMOTE: ['allowRemote', asFlag],
  LEAKWATCH_ALLOWED_HOSTS: ['allowedHosts', asList],
  LEAKWATCH_MUTE: ['mute', asList],
  LEAKWATCH_SAMPLE_CRON: ['schedule.sample', asText],
  LEAKWATCH_CAPTURE_CRON: ['schedule.capture', asText],
  LEAKWATCH_PRUNE_CRON: ['schedule.prune', asText],
};

export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);
const PATHS = Object.values(VARIABLES).map(([path]) => path.split('.'));
export const SCHEDULE_NAMES: readonly string[] = PATHS.flatMap(([, entry]) => entry ?? []);
/** A logger or a registry cannot be set by a variable. */
export const OPTION_NAMES: readonly string[] = [
  ...new Set([...PATHS.map(([name]) => name!), 'logger', 'registry']),
];

/** Kubernetes sets such variables for every Service of a namespace, so a Service may be named `leakwatch`. */
const SERVICE_LINK = /^LEAKWATCH_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[A-Z0-9_]+)?)$/;

/**
 * The options that `LEAKWATCH_*` variables set, their values not yet checked. An empty variable counts as unset; an unknown
 * one throws a `LeakwatchError`.
 */
export function optionsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Options {
  const options: Record<string, unknown> = {};
  const schedule: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('LEAKWATCH_') || value === undefined || value === '' || SERVICE_LINK.test(name))
      continue;
    refuseUnknown([name], VARIABLE_NAMES, 'environment variable');
    const [path, read] = VARIABLES[name]!;
    const entry = path.split('.')[1];
    if (entry === undefined) options[path] = read(value, name);
    else schedule[entry] = read(value, name);
  }
  return Object.keys(schedule).length === 0 ? options : { ...options, schedule };
}

function asFlag(value: string, name: string): boolean {
  if (['1', 'true', 'yes'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no'].includes(value.toLowerCase())) return false;
  throw invalid(`${name} is 1 or 0, not '${value.slice(0, 20)}'`);
}
