import { terminalText } from '../../report/terminal-text.js';
import { formatBytes, MIB } from '../../runtime/units.js';
import { type Command, type CommandResult, UsageError } from '../command.js';
import { durationMs } from '../duration.js';
import { EXIT_CODES } from '../exit-codes.js';
import { LiveLine } from '../live-line.js';
import { named, OPS_HELP, type OpsArguments, openClient, readOpsArguments } from '../ops-arguments.js';
import type { OpsClient } from '../ops-client.js';
import { requireSuccess, runOperation } from '../ops-operation.js';
import type { OpsReply } from '../ops-request.js';
import { refuseExisting, writeNew } from '../whole-file.js';

const MAX_PROFILE_BYTES = 256 * MIB;
const MAX_SECONDS = 120;
const MAX_PATH = 200;

const KINDS = ['heap', 'cpu'] as const;
type Kind = (typeof KINDS)[number];

/** Ending of the file → media type, and the kind that has the format; null: both. */
const FORMATS: readonly { readonly ending: string; readonly type: string; readonly kind: Kind | null }[] = [
  { ending: '.pb.gz', type: 'application/octet-stream', kind: null },
  { ending: '.heapprofile', type: 'application/vnd.v8.heapprofile+json', kind: 'heap' },
  { ending: '.cpuprofile', type: 'application/vnd.v8.cpuprofile+json', kind: 'cpu' },
];

const HELP = `Usage: leakwatch profile [OPTION ...] URL heap|cpu -o FILE

Fetches a profile of a running service. The ending of FILE decides the format: .pb.gz
(pprof), .heapprofile or .cpuprofile (DevTools). "heap" without --seconds shows live memory
by the place of its allocation, from the samples that the watcher takes all the time.
The token needs the scope profile, and read to join a recording of another client.

  -o, --output FILE  the file to write, mode 0600
  --seconds N        record for N seconds, 1 to ${MAX_SECONDS} (default for cpu: 10)
  --force            replace FILE if it exists

${OPS_HELP}
Exit codes: 0 written, 2 there is no profile or it could not be written, or wrong usage,
130 cancelled by Ctrl-C.
`;

interface ProfileArguments extends OpsArguments {
  readonly kind: Kind;
  /** Null: the service decides for `cpu`; `heap` is not recorded but what has been sampled so far. */
  readonly seconds: number | null;
  readonly output: string;
  readonly mediaType: string;
  readonly force: boolean;
}

export const profileCommand: Command = {
  summary: 'write a heap or CPU profile of a running service, for pprof or DevTools',
  help: HELP,
  run: (args) => writeProfile(parse(args)),
};

function parse(args: readonly string[]): ProfileArguments {
  const { options, words } = readOpsArguments<ProfileArguments>(args, {
    output: { type: 'string', short: 'o', read: (output) => ({ output: named(output, '-o') }) },
    seconds: { type: 'string', read: (value) => ({ seconds: secondsOf(value) }) },
    force: { type: 'boolean', read: () => ({ force: true }) },
  });
  const kind = KINDS.find((one) => one === words[0]);
  if (kind === undefined || words.length > 1) throw new UsageError('takes one URL, and heap or cpu after it');
  const { output, seconds = null, force = false } = options;
  if (output === undefined) throw new UsageError('name the file with -o, such as -o heap.pb.gz');
  const format = FORMATS.find(({ ending }) => output.endsWith(ending));
  const known = FORMATS.filter((one) => one.kind === null || one.kind === kind);
  if (format === undefined || !known.includes(format))
    throw new UsageError(
      `the file of a ${kind} profile ends in ${known.map(({ ending }) => ending).join(' or ')}`,
    );
  return { ...options, kind, seconds, output, mediaType: format.type, force };
}

function secondsOf(value: string): number {
  const seconds = durationMs(value, '--seconds') / 1000;
  if (Number.isInteger(seconds) && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(`--seconds takes a whole number from 1 to ${MAX_SECONDS}`);
}

async function writeProfile(args: ProfileArguments): Promise<CommandResult> {
  refuseExisting(args.output, args.force);
  const line = new LiveLine(process.stderr);
  const client = await openClient(args, ['profile'], (text) => line.say(text));
  const fetched = await fetchProfile(client, args, line);
  if (fetched === null)
    return { exitCode: EXIT_CODES.interrupted, output: '', note: 'leakwatch profile: ended by Ctrl-C' };
  const { body } = fetched;
  writeNew(args.output, body, args.force);
  const note = `leakwatch profile: wrote ${terminalText(args.output, MAX_PATH)}, ${formatBytes(body.length)}${contents(fetched)}`;
  return { exitCode: EXIT_CODES.clean, output: '', note };
}

/** The profile of the moment begins again when its interval widens, so that it may show less than the one before. */
function contents({ headers }: OpsReply): string {
  const { 'profile-since': since, 'profile-bytes': bytes } = headers;
  const at = new Date(String(since));
  if (!/^\d{1,15}$/.test(String(bytes)) || Number.isNaN(at.getTime())) return '';
  return `: ${formatBytes(Number(bytes))} allocated since ${at.toISOString().slice(0, 19)}Z and still live`;
}

/** Null if Ctrl-C ended it. */
async function fetchProfile(
  client: OpsClient,
  { kind, seconds, mediaType }: ProfileArguments,
  line: LiveLine,
): Promise<OpsReply | null> {
  const format = { accept: mediaType, maxBytes: MAX_PROFILE_BYTES };
  if (seconds === null && kind === 'heap') return await client.ask({ path: `/profile/${kind}`, ...format });
  const { operation, interrupted } = await runOperation(
    client,
    { method: 'POST', path: `/profile/${kind}${seconds === null ? '' : `?seconds=${seconds}`}` },
    line,
  );
  if (interrupted && operation.state !== 'succeeded') return null;
  requireSuccess(operation, 'the recording');
  return await client.ask({ path: `/operations/${operation.id}/file`, ...format });
}
