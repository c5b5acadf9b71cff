/** `maxEntries`, `MAX_ENTRIES`, `#maxEntries`, `<symbol maxEntries>` → `max`, `entries`, as stems. */
export function wordsOf(name: string): readonly string[] {
  const words = plainName(name).match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g) ?? [];
  return words.flatMap((word) => split(word.toLowerCase())).map(stem);
}

/** A symbol's description stands for it. */
export const plainName = (name: string): string => name.replace(/^<symbol (.*)>$/s, '$1');

/** Written in one: `maxsize`, `maxage`, `stdttl`. */
function split(word: string): readonly string[] {
  const parts = /^(max|std)(?!imum|imal)([a-z]{2,})$/.exec(word);
  return parts === null ? [word] : [parts[1]!, parts[2]!];
}

/** One for the singular and the plural: `entry` and `entries`, `cache` and `caches`, `box` and `boxes`. */
export function stem(word: string): string {
  if (word.length < 4) return word;
  const one = /[^s]s$/.test(word) ? word.slice(0, -1) : word;
  return one.length < 4 ? one : one.replace(/(?:ie|[ey])$/, '');
}

/** Words of a text with spaces between them, as stems. */
export const stems = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/).map(stem));

/** Words of units, as stems, each with its size in the smallest unit. */
export class Units extends Map<string, number> {
  /** `sizes`: words with spaces between them → the size of their unit. */
  constructor(sizes: Readonly<Record<string, number>>) {
    super(Object.entries(sizes).flatMap(([words, size]) => [...stems(words)].map((word) => [word, size])));
  }

  /** The size of the first unit among some words; null if there is none. */
  among(words: readonly string[]): number | null {
    return words.map((word) => this.get(word)).find((size) => size !== undefined) ?? null;
  }
}
