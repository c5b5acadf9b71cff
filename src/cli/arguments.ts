import { parseArgs } from 'node:util';
import { nearestName } from '../runtime/nearest-name.js';

/** An option of a command: whether a value follows it, and what it sets. `read` returns a text if the value is wrong. */
interface OptionRow<T> {
  readonly type: 'boolean' | 'string';
  /** Called with '' for a switch and for an option without its value. */
  read(value: string): Partial<T> | string;
}

/** Name without its dashes → option. */
export type OptionTable<T> = Readonly<Record<string, OptionRow<T>>>;

/** Arguments of a command; or a request for its help; or what is wrong with them. */
export type ParsedArguments<T> =
  | { readonly outcome: 'run'; readonly arguments: T }
  | { readonly outcome: 'help' }
  | { readonly outcome: 'usage'; readonly reason: string };

type ReadOptions<T> =
  | { readonly outcome: 'read'; readonly options: Partial<T>; readonly words: readonly string[] }
  | Exclude<ParsedArguments<T>, { outcome: 'run' }>;

/**
 * Reads options and words in any order; whatever follows `--` is a word, and so is `-`. The first error counts.
 * Not `strict`: Node names the wrong option only in the text of its error, and offers no other.
 * `refuseWord` says what is wrong with a word that stands where an option should.
 */
export function readOptions<T>(
  args: readonly string[],
  table: OptionTable<T>,
  refuseWord: (word: string) => string | null = () => null,
): ReadOptions<T> {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: { ...table, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let options: Partial<T> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') {
      const reason = refuseWord(token.value);
      if (reason !== null) return usage(reason);
    }
    if (token.kind !== 'option') continue;
    const { name, rawName, value = '', inlineValue = false } = token;
    if (name === 'help') return { outcome: 'help' };
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (option === undefined) return usage(unknownOption(rawName, Object.keys(table)));
    if (option.type === 'boolean' && inlineValue) return usage(`${rawName} takes no value`);
    // Another option is no value: the value was forgotten.
    const part = option.read(!inlineValue && value.startsWith('--') ? '' : value);
    if (typeof part === 'string') return usage(part);
    options = { ...options, ...part };
  }
  return { outcome: 'read', options, words: positionals };
}

export function usage(reason: string): { readonly outcome: 'usage'; readonly reason: string } {
  return { outcome: 'usage', reason };
}

function unknownOption(given: string, known: readonly string[]): string {
  const near = nearestName(
    given,
    [...known, 'help'].map((name) => `--${name}`),
  );
  return `unknown option '${given}'${near === null ? '' : `, did you mean ${near}?`}`;
}
