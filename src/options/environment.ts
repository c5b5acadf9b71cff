import { LeakwatchError } from '../errors.js';
import { nearestName } from '../runtime/nearest-name.js';
import type { Options, ScheduleOptions } from './options.js';

/** Every variable that `leakwatch/register` reads → the options it sets. */
const VARIABLES: Readonly<Record<string, (value: string) => Options>> = {
  LEAKWATCH_LISTEN: (listen) => ({ listen }),
  LEAKWATCH_TOKEN: (value) => ({ token: value.split(/[\s,]+/).filter((token) => token !== '') }),
  LEAKWATCH_TOKEN_FILE: (tokenFile) => ({ tokenFile }),
  LEAKWATCH_PACE: (value) => ({ pace: value as NonNullable<Options['pace']> }),
  LEAKWATCH_CAPTURE: (value) => ({ capture: value as NonNullable<Options['capture']> }),
  LEAKWATCH_PAUSE_BUDGET_MS: (value) => ({ pauseBudgetMs: Number(value) }),
  LEAKWATCH_STATE_DIR: (stateDir) => ({ stateDir }),
  LEAKWATCH_REPORT: (report) => ({ report }),
  LEAKWATCH_METRICS_AUTH: (value) => ({ metricsAuth: value as NonNullable<Options['metricsAuth']> }),
  LEAKWATCH_LOG: (value) => ({ log: value as NonNullable<Options['log']> }),
  LEAKWATCH_GC_SOURCE: (value) => ({ gcSource: value as NonNullable<Options['gcSource']> }),
  LEAKWATCH_ALLOW_REMOTE: (value) => ({ allowRemote: switchOf('LEAKWATCH_ALLOW_REMOTE', value) }),
  LEAKWATCH_ALLOWED_HOSTS: (value) => ({ allowedHosts: value.split(',').map((host) => host.trim()) }),
  LEAKWATCH_MUTE: (value) => ({ mute: value.split(/[\s,]+/).filter((id) => id !== '') }),
  LEAKWATCH_SAMPLE_CRON: (sample) => ({ schedule: { sample } }),
  LEAKWATCH_CAPTURE_CRON: (capture) => ({ schedule: { capture } }),
  LEAKWATCH_PRUNE_CRON: (prune) => ({ schedule: { prune } }),
};

export const VARIABLE_NAMES: readonly string[] = Object.keys(VARIABLES);

/** Kubernetes sets such variables for every Service of a namespace, so a Service may be named `leakwatch`. */
const SERVICE_LINK = /^LEAKWATCH_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[A-Z0-9_]+)?)$/;

/** The options that `LEAKWATCH_*` variables set. An empty variable counts as unset; an unknown one throws a `LeakwatchError`. */
export function optionsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Options {
  let options: Options = {};
  let schedule: ScheduleOptions = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('LEAKWATCH_') || value === undefined || value === '' || SERVICE_LINK.test(name))
      continue;
    const read = VARIABLES[name];
    if (read === undefined) {
      const near = nearestName(name, VARIABLE_NAMES);
      const offer = near === null ? `Known names: ${VARIABLE_NAMES.join(', ')}.` : `Did you mean ${near}?`;
      throw new LeakwatchError(
        'LEAKWATCH_ERR_UNKNOWN_OPTION',
        `Unknown environment variable ${name}. ${offer}`,
      );
    }
    const part = read(value);
    schedule = { ...schedule, ...part.schedule };
    options = { ...options, ...part };
  }
  return Object.keys(schedule).length === 0 ? options : { ...options, schedule };
}

function switchOf(name: string, value: string): boolean {
  if (['1', 'true', 'yes'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no'].includes(value.toLowerCase())) return false;
  throw new LeakwatchError('LEAKWATCH_ERR_INVALID_OPTION', `${name} is 1 or 0, not '${value.slice(0, 20)}'.`);
}
