import { readFileSync } from 'node:fs';
import type { Scope } from '../access/scope.js';
import { isLoopback } from '../options/listen-address.js';
import { readPrivateFile } from '../options/private-file.js';
import { terminalText } from '../report/terminal-text.js';
import { KIB } from '../runtime/units.js';
import { type OptionTable, readOptions } from './arguments.js';
import { CommandError, UsageError } from './command.js';
import { isExposed, type OpsAddress, parseOpsAddress } from './ops-address.js';
import { OpsClient } from './ops-client.js';
import { findToken } from './ops-token.js';

const MAX_PATH = 200;
const MAX_KEY_BYTES = 256 * KIB;

/** Options of every command that asks a service. */
export interface OpsArguments {
  readonly address: OpsAddress;
  readonly tokenFile: string | null;
  /** Files in PEM form. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}

/** The part of each command's help that explains them. */
export const OPS_HELP = `URL is http://host:port, https://host:port (with the path of the endpoint if it is not
/ops) or unix:/path. The token comes from the variable LEAKWATCH_TOKEN, from the file
that LEAKWATCH_TOKEN_FILE names, or, on a terminal, from a hidden prompt.

  --token-file FILE  read the token from FILE: the first one that has not expired and has
                     the scopes for this command; a file with nothing but one token is
                     sent as it is
  --ca FILE          certificate authority of an https:// service, PEM
  --cert FILE        certificate of this client, PEM; with --key FILE, mode 0400 or 0600
`;

const CONNECTION: OptionTable<OpsArguments> = {
  'token-file': { type: 'string', read: (tokenFile) => ({ tokenFile: named(tokenFile, '--token-file') }) },
  token: {
    type: 'string',
    read: () => {
      throw new UsageError(
        'a token is never an argument: every user of this machine sees arguments in the list of processes, and the shell keeps them in its history. Use --token-file, LEAKWATCH_TOKEN or LEAKWATCH_TOKEN_FILE. The token that you typed is no longer secret: replace it',
      );
    },
  },
  ca: { type: 'string', read: (ca) => ({ ca: named(ca, '--ca') }) },
  cert: { type: 'string', read: (cert) => ({ cert: named(cert, '--cert') }) },
  key: { type: 'string', read: (key) => ({ key: named(key, '--key') }) },
};

/** A file's name after an option. */
export function named(file: string, option: string): string {
  if (file === '') throw new UsageError(`${option} takes a file`);
  return file;
}

/** `[OPTION…] URL [WORD…]`, the options being those of `table` and of the connection. Throws a `UsageError`. */
export function readOpsArguments<T extends OpsArguments>(
  args: readonly string[],
  table: OptionTable<T>,
): { readonly options: Partial<T> & OpsArguments; readonly words: readonly string[] } {
  const { options, words } = readOptions<T>(args, { ...(CONNECTION as OptionTable<T>), ...table });
  const [url, ...rest] = words;
  if (url === undefined) throw new UsageError('name the service, such as http://127.0.0.1:9464');
  const address = parseOpsAddress(url);
  const given = { tokenFile: null, ca: null, cert: null, key: null, ...options, address };
  if ((given.cert === null) !== (given.key === null))
    throw new UsageError('--cert and --key are given together');
  if (!address.secure && (given.ca ?? given.cert) !== null)
    throw new UsageError('--ca, --cert and --key need an https:// address');
  return { options: given, words: rest };
}

/** A client with its token, which needs these scopes; asks a person for it if need be. `say` gets lines for stderr. */
export async function openClient(
  { address, tokenFile, ca, cert, key }: OpsArguments,
  scopes: readonly Scope[],
  say: (line: string) => void,
): Promise<OpsClient> {
  const pem = (file: string | null) => (file === null ? undefined : readPem(file));
  const tls = { ca: pem(ca), cert: pem(cert), key: key === null ? undefined : readKey(key) };
  const token = await findToken({
    file: tokenFile,
    environment: process.env,
    input: process.stdin,
    output: process.stderr,
    optional: cert !== null,
    scopes,
  });
  if (isExposed(address, isLoopback))
    say(`${address.shown} is not encrypted: everyone on the way can read the token`);
  return new OpsClient(address, { token, ...tls }, say);
}

/** As the service does with its own: a key that others can read is not a secret. */
function readKey(file: string): Buffer {
  return readPrivateFile(
    file,
    MAX_KEY_BYTES,
    (what) => new CommandError(`the key of --key ${terminalText(what, MAX_PATH)}`),
  );
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandError(
      `${terminalText(file, MAX_PATH)}: cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
