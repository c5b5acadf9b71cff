import { type Command, type CommandResult, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { FINDING_ID, FINDING_ID_EXAMPLE } from '../finding-id.js';
import { LiveLine } from '../live-line.js';
import { OPS_HELP, type OpsArguments, openClient, readOpsArguments } from '../ops-arguments.js';
import type { OpsClient } from '../ops-client.js';
import { printable } from '../printable.js';
import { watchReport } from '../watch-report.js';

const HELP = `Usage: leakwatch leaks [OPTION ...] URL [ID]

Prints the report of a running service: its state, its trend and its findings, worst
first; with the ID of a finding, that finding with its series.

  --json             print JSON, as the service sends it
  --watch            print the report again whenever it changes, until Ctrl-C

${OPS_HELP}
Exit codes: 0 printed, 2 the service did not answer or refused, or wrong usage.
`;

interface LeaksArguments extends OpsArguments {
  readonly id: string | null;
  readonly json: boolean;
  readonly watch: boolean;
}

export const leaksCommand: Command = {
  summary: 'print the findings of a running service, once or whenever they change',
  help: HELP,
  run: (args) => showLeaks(parse(args)),
};

function parse(args: readonly string[]): LeaksArguments {
  const { options, words } = readOpsArguments<LeaksArguments>(args, {
    json: { type: 'boolean', read: () => ({ json: true }) },
    watch: { type: 'boolean', read: () => ({ watch: true }) },
  });
  const [id = null, ...others] = words;
  if (others.length > 0) throw new UsageError('takes one URL and one ID');
  if (id !== null && !FINDING_ID.test(id))
    throw new UsageError(`the ID of a finding is ${FINDING_ID_EXAMPLE}`);
  return { json: false, watch: false, ...options, id };
}

async function showLeaks(args: LeaksArguments): Promise<CommandResult> {
  const line = new LiveLine(process.stderr);
  const client = await openClient(args, ['read'], (text) => line.say(text));
  const path = args.id === null ? '/leaks' : `/leaks/${args.id}`;
  if (args.watch) return await watchReport(client, path, args.json, line, process.stdout);
  const output = await readLeaks(client, path, args.json);
  return { exitCode: EXIT_CODES.clean, output };
}

async function readLeaks(client: OpsClient, path: string, json: boolean): Promise<string> {
  const { body } = await client.ask({ path, accept: json ? 'application/json' : 'text/plain' });
  return printable(body.toString('utf8'), json);
}
