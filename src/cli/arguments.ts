import { parseArgs } from 'node:util';
import { nearestName } from '../runtime/nearest-name.js';
import { UsageError } from './command.js';

/** An option of a command: whether a value follows it, and what it sets. */
interface OptionRow<T> {
  readonly type: 'boolean' | 'string';
  /** One letter that stands for the name, after one dash. */
  readonly short?: string;
  /** Called with '' for a switch and for an option without its value. Throws a `UsageError` if the value is wrong. */
  read(value: string): Partial<T>;
}

/** Name without its dashes → option. */
export type OptionTable<T> = Readonly<Record<string, OptionRow<T>>>;

/**
 * Reads options and words in any order; whatever follows `--` is a word, and so is `-`. Throws a `UsageError` for the
 * first error. Not `strict`: Node's error names the wrong option only in its text, and suggests none.
 * `checkWord` may throw for a word in the place of an option.
 */
export function readOptions<T>(
  args: readonly string[],
  table: OptionTable<T>,
  checkWord: (word: string) => void = () => {},
): { readonly options: Partial<T>; readonly words: readonly string[] } {
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: table,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  let options: Partial<T> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') checkWord(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value = '', inlineValue = false } = token;
    const option = Object.hasOwn(table, name) ? table[name] : undefined;
    if (option === undefined) throw unknownOption(rawName, [...Object.keys(table), 'help']);
    if (option.type === 'boolean' && inlineValue) throw new UsageError(`${rawName} takes no value`);
    // If another option follows, the value was forgotten.
    options = { ...options, ...option.read(!inlineValue && value.startsWith('--') ? '' : value) };
  }
  return { options, words: positionals };
}

function unknownOption(given: string, known: readonly string[]): UsageError {
  const near = nearestName(
    given,
    known.map((name) => `--${name}`),
  );
  return new UsageError(`unknown option '${given}'${near === null ? '' : `, did you mean ${near}?`}`);
}
