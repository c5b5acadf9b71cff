import { DEFAULT_SCOPES, type Scope } from '../access/scope.js';
import { readPrivateFile } from '../options/private-file.js';
import { tokenFields } from '../options/token-fields.js';
import { terminalText } from '../report/terminal-text.js';
import { systemClock } from '../runtime/clock.js';
import { CommandError } from './command.js';

const MAX_WORDS = 400;
const MAX_FILE_BYTES = 16_000;
/** Lines whose reason is given where none fits. */
const MAX_NAMED = 4;

interface TokenLine {
  readonly number: number;
  readonly token: string;
  /** What follows the token. */
  readonly words: readonly string[];
}

/**
 * The first token of a file that has not expired and grants every scope in `needed`. Fields are read as the service reads those of its
 * own file. A file with one token and nothing else is not judged: it may be a JWT, or a token whose fields only the service has.
 * Throws a `CommandError` that says why no line fits; no message holds a token.
 */
export function tokenOfFile(path: string, needed: readonly Scope[]): string {
  const lines = linesOf(path);
  const [first] = lines;
  if (first === undefined) throw new CommandError('the token file holds no token');
  if (lines.length === 1 && first.words.length === 0) return first.token;
  const reasons: string[] = [];
  for (const line of lines) {
    const reason = misfit(line, needed);
    if (reason === null) return line.token;
    reasons.push(`line ${line.number} ${reason}`);
  }
  const others = reasons.length - MAX_NAMED;
  const rest = others > 0 ? [`${others} more do not fit either`] : [];
  throw new CommandError(
    `no token in the token file fits: ${[...reasons.slice(0, MAX_NAMED), ...rest].join('; ')}`,
  );
}

function linesOf(path: string): readonly TokenLine[] {
  const content = readPrivateFile(
    path,
    MAX_FILE_BYTES,
    (what) => new CommandError(`the token file ${terminalText(what, MAX_WORDS)}`),
  ).toString('utf8');
  return content.split('\n').flatMap((line, at) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const [token, ...words] = text.split(/[ \t]+/) as [string, ...string[]];
    return [{ number: at + 1, token, words }];
  });
}

/** Null if the line fits. */
function misfit({ number, words }: TokenLine, needed: readonly Scope[]): string | null {
  const fail = (what: string) => new CommandError(`line ${number} of the token file ${what}`);
  const { scopes = DEFAULT_SCOPES, expiresAtMs = null } = tokenFields(words, fail);
  if (expiresAtMs !== null && expiresAtMs <= systemClock.now())
    return `expired at ${new Date(expiresAtMs).toISOString()}`;
  const missing = needed.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return null;
  return `lacks the scope${missing.length === 1 ? '' : 's'} ${missing.join(' and ')}`;
}
