import { type Command, type CommandResult, UsageError } from '../command.js';
import { EXIT_CODES } from '../exit-codes.js';
import { FINDING_ID, FINDING_ID_EXAMPLE } from '../finding-id.js';
import { LiveLine } from '../live-line.js';
import { OPS_HELP, type OpsArguments, openClient, readOpsArguments } from '../ops-arguments.js';
import type { OpsClient } from '../ops-client.js';
import { parsed, printable } from '../printable.js';
import { reasonOf } from '../reason.js';
import { objectOf } from '../repl-answers.js';
import { watchReport } from '../watch-report.js';

const HELP = `Usage: leakwatch leaks [OPTION ...] URL [ID]

Prints the report of a running service: its state, its trend and its findings, worst
first; with the ID of a finding, that finding with its series.

  --json             print JSON, as the service sends it
  --watch            print the report again whenever it changes, until Ctrl-C
  --acknowledge      with an ID: you work on it, so it is not announced again; needs
                     --reason and the scope act. --unacknowledge takes it back
  --mute             with an ID: it is known and accepted, so nothing announces it; needs
                     --reason and the scope act. --unmute takes it back
  --reason TEXT      your reason (10 to 500 characters), kept with the finding

${OPS_HELP}
Exit codes: 0 printed or decided, 2 the service did not answer or refused, or wrong
usage, 130 ended by Ctrl-C.
`;

interface LeaksArguments extends OpsArguments {
  readonly id: string | null;
  readonly json: boolean;
  readonly watch: boolean;
  /** Undefined: stays as it is. */
  readonly acknowledged?: boolean;
  readonly muted?: boolean;
  /** Why it is decided; null: nothing is, and the finding is printed. */
  readonly reason: string | null;
}

export const leaksCommand: Command = {
  summary: 'print the findings of a running service, once or whenever they change',
  help: HELP,
  run: (args) => showLeaks(parse(args)),
};

function parse(args: readonly string[]): LeaksArguments {
  const { options, words } = readOpsArguments<LeaksArguments>(args, {
    acknowledge: { type: 'boolean', read: () => ({ acknowledged: true }) },
    unacknowledge: { type: 'boolean', read: () => ({ acknowledged: false }) },
    mute: { type: 'boolean', read: () => ({ muted: true }) },
    unmute: { type: 'boolean', read: () => ({ muted: false }) },
    reason: { type: 'string', read: (reason) => ({ reason: reasonOf(reason, '--reason') }) },
    json: { type: 'boolean', read: () => ({ json: true }) },
    watch: { type: 'boolean', read: () => ({ watch: true }) },
  });
  const [id = null, ...others] = words;
  if (others.length > 0) throw new UsageError('takes one URL and one ID');
  if (id !== null && !FINDING_ID.test(id))
    throw new UsageError(`the ID of a finding is ${FINDING_ID_EXAMPLE}`);
  const given = { json: false, watch: false, reason: null, ...options, id };
  const decides = given.acknowledged !== undefined || given.muted !== undefined;
  if (decides !== (given.reason !== null))
    throw new UsageError(
      '--reason is given together with --acknowledge, --unacknowledge, --mute or --unmute',
    );
  if (decides && (id === null || given.watch))
    throw new UsageError('a decision is about one finding: name its ID, without --watch');
  return given;
}

async function showLeaks(args: LeaksArguments): Promise<CommandResult> {
  const line = new LiveLine(process.stderr);
  const decides = args.reason !== null;
  const client = await openClient(args, [decides ? 'act' : 'read'], (text) => line.say(text));
  const path = args.id === null ? '/leaks' : `/leaks/${args.id}`;
  if (decides) return { exitCode: EXIT_CODES.clean, output: await decide(client, path, args) };
  if (args.watch) return await watchReport(client, path, args.json, line, process.stdout);
  const output = await readLeaks(client, path, args.json);
  return { exitCode: EXIT_CODES.clean, output };
}

async function readLeaks(client: OpsClient, path: string, json: boolean): Promise<string> {
  const { body } = await client.ask({ path, accept: json ? 'application/json' : 'text/plain' });
  return printable(body.toString('utf8'), json);
}

/** The whole answer as JSON, or one line with what holds for the finding now. */
async function decide(
  client: OpsClient,
  path: string,
  { acknowledged, muted: mute, reason, json }: LeaksArguments,
): Promise<string> {
  const { body } = await client.ask({ method: 'PATCH', path, body: { acknowledged, muted: mute, reason } });
  const text = body.toString('utf8');
  if (json) return printable(text, true);
  const { id, title, muted, acknowledgement } = objectOf(parsed(text));
  const states = [
    acknowledgement === null ? 'not acknowledged' : 'acknowledged',
    muted === true ? 'muted' : 'not muted',
  ];
  return printable(`${String(id)} is now ${states.join(', ')}: ${String(title)}\n`, false);
}
