import { expiryOf, FIELD_FORMS, isTokenId, scopesOf } from '../../options/token-fields.js';
import { issueToken } from '../../options/tokens.js';
import { systemClock } from '../../runtime/clock.js';
import { type OptionTable, readOptions } from '../arguments.js';
import { type Command, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';

const HELP = `Usage: leakwatch token [--scope SCOPES] [--expires TIME] [--id NAME]

Prints a new bearer token: lwt_, 256 random bits and a checksum. With options it prints a
line for a token file, which begins with the token; LEAKWATCH_TOKEN takes only the token.

  --scope SCOPES    what its bearer may do, separated by commas: read, metrics, act, dump,
                    profile, eval, eval:full (default: read,metrics)
  --expires TIME    90d, 12h or 30m from now, a date such as 2030-12-31 (its last day, in
                    UTC), or a time such as 2030-12-31T18:00:00Z (default: never)
  --id NAME         its name in the log, the status and the audit log (default: the
                    beginning of its digest)
`;

interface Fields {
  readonly scope: string;
  readonly expires: string;
  readonly id: string;
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };

const OPTIONS: OptionTable<Fields> = {
  scope: {
    type: 'string',
    read: (scope) => {
      const scopes = scopesOf(scope);
      if (scopes === null) throw new UsageError(`--${FIELD_FORMS.scope}`);
      return { scope: scopes.join(',') };
    },
  },
  expires: { type: 'string', read: (value) => ({ expires: expiryText(value) }) },
  id: {
    type: 'string',
    read: (id) => {
      if (!isTokenId(id)) throw new UsageError(`--${FIELD_FORMS.id}`);
      return { id };
    },
  },
};

export const tokenCommand: Command = {
  summary: 'print a new bearer token for LEAKWATCH_TOKEN or a token file',
  help: HELP,
  run(args) {
    const { options } = readOptions(args, OPTIONS, () => {
      throw new UsageError('takes no arguments');
    });
    const fields = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    return { exitCode: EXIT_CODES.clean, output: `${[issueToken(), ...fields].join(' ')}\n` };
  },
};

/** As a token file has it. */
function expiryText(given: string): string {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const now = systemClock.now();
  if (count !== undefined && Number(count) > 0) {
    const atMs = now + Number(count) * UNITS_MS[unit!]!;
    return new Date(atMs).toISOString().replace(/\.\d+Z$/, 'Z');
  }
  const atMs = expiryOf(given);
  if (atMs !== null && atMs > now) return given;
  throw new UsageError(
    atMs === null
      ? '--expires takes a time such as 90d, 12h, 2030-12-31 or 2030-12-31T18:00:00Z'
      : '--expires takes a time to come',
  );
}
