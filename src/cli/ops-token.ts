import type { Scope } from '../access/scope.js';
import { CommandError } from './command.js';
import { tokenOfFile } from './token-file.js';

/** Sources of a token, in words. */
const SOURCES =
  'give it with --token-file FILE, in the variable LEAKWATCH_TOKEN, or in a file named by LEAKWATCH_TOKEN_FILE';
const SENDABLE = /^[\x21-\x7e]{1,1000}$/;
const CTRL_C = '\u0003';
const ENDS = [CTRL_C, '\u0004', '\r', '\n'];
const BACKSPACE = ['\u007f', '\b'];

/** The part of `process.stdin` that a hidden prompt needs. */
export interface PromptInput {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  off(event: 'data', listener: (text: string) => void): unknown;
}

export interface TokenSources {
  /** From `--token-file`; null without it. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: PromptInput;
  readonly output: { write(text: string): unknown };
  /** A certificate may say who asks: then there need not be a token, and nobody is asked for one. */
  readonly optional: boolean;
  /** What a token of a file must grant; the service judges any other. */
  readonly scopes: readonly Scope[];
}

/**
 * The token from `--token-file`, else from the environment, else from a person. Never from an argument: every user of
 * the machine sees those. Throws a `CommandError`; no message holds the token.
 */
export async function findToken({
  file,
  environment,
  input,
  output,
  optional,
  scopes,
}: TokenSources): Promise<string | null> {
  if (file !== null) return sendable(tokenOfFile(file, scopes));
  const { LEAKWATCH_TOKEN: given = '', LEAKWATCH_TOKEN_FILE: named = '' } = environment;
  // The service's own variable may list several.
  if (given.trim() !== '') return sendable(given.trim().split(/[\s,]+/)[0]!);
  if (named !== '') return sendable(tokenOfFile(named, scopes));
  if (optional) return null;
  if (input.isTTY !== true) throw new CommandError(`no token; ${SOURCES}`);
  return sendable(await prompted(input, output));
}

function sendable(token: string): string {
  if (SENDABLE.test(token)) return token;
  throw new CommandError(
    "the token is empty or has characters that no token has; 'leakwatch token' prints one",
  );
}

/** Reads a line without showing it. */
function prompted(input: PromptInput, output: TokenSources['output']): Promise<string> {
  input.setEncoding('utf8');
  // Before the prompt: what is typed until then would be shown.
  input.setRawMode?.(true);
  output.write('Token (not shown): ');
  return new Promise((resolve, reject) => {
    let typed = '';
    const settle = (finish: () => void): void => {
      input.off('data', take);
      input.setRawMode?.(false);
      input.pause();
      output.write('\n');
      finish();
    };
    const take = (text: string): void => {
      for (const character of text) {
        if (BACKSPACE.includes(character)) typed = typed.slice(0, -1);
        else if (!ENDS.includes(character)) typed += character;
        else {
          settle(() =>
            character === CTRL_C ? reject(new CommandError('no token was given')) : resolve(typed.trim()),
          );
          return;
        }
      }
    };
    input.on('data', take);
    input.resume();
  });
}
