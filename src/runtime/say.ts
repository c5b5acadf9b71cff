/**
 * Every sentence for a person is written with this tag, and nothing else is: decisions compare values, never words. A
 * test proves it by changing the wording of every sentence (`alterWording`) and running the detection tests again.
 */
let alter: ((words: string) => string) | null = null;

/** The text with its values inserted. Values are passed through unchanged, whatever the wording. */
export function say(words: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return words
    .map((part, at) => (alter === null ? part : alter(part)) + (at < values.length ? values[at] : ''))
    .join('');
}

/** For tests: changes the words of every sentence from now on; null restores them. */
export function alterWording(change: ((words: string) => string) | null): void {
  alter = change;
}
