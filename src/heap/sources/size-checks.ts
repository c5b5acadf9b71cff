/**
 * Bounds that stand in no variable: `if (cache.size >= 4000) cache.delete(…)`, `while (this.log.length > KEPT) …shift()`.
 * The text of a script is searched for places that compare the size of a collection of this name with a number, and then
 * take members out of it, or put none in. The number is written there, or is a constant of the same script.
 *
 * No parser: what is missed leaves a bound unseen, as before; what is taken for a bound by mistake is broken as soon as
 * the collection holds more.
 */

/** A comparison as the code has it, and the number it compares with. */
export interface SizeCheck {
  /** `cache.size >= 4000` */
  readonly text: string;
  readonly limit: number;
}

/** Names that a path may have and code cannot. */
const NAME = /^#?[A-Za-z_$][\w$]*$/;
const LITERAL = String.raw`\d[\d_]*(?:e\d+)?(?:\s*\*\s*\d[\d_]*){0,3}`;
const OPERAND = String.raw`(?:${LITERAL}|(?:[A-Za-z_$][\w$]*\s*\.\s*){0,4}#?[A-Za-z_$][\w$]*)`;
/** How far behind a comparison that what it guards is looked for, characters. */
const GUARDED = 240;
/** Of those, how many a refusal may be away, and how many the addition that it saves. */
const REFUSED = 60;
/** Comparisons of one name looked at in one script, and the length of one as it is told. */
const MAX_CHECKS = 64;
const MAX_TEXT = 80;
/** What functions are called that make room. */
const MAKES_ROOM =
  /\b\w*(?:evict|prune|trim|flush|purge|sweep|compact|shrink|rotate|dropOldest|removeOldest)\w*\s*\(/i;
const REFUSES = /^[^;]*?\b(?:return|throw|continue|break)\b/;

export function sizeChecks(script: string, name: string): readonly SizeCheck[] {
  if (!NAME.test(name)) return [];
  const plain = name.replace(/^#/, '').replaceAll('$', String.raw`\$`);
  const size = String.raw`(?<![\w$])#?${plain}\s*\.\s*(?:size|length)`;
  const keys = String.raw`\bkeys\(\s*(?:[\w$]+\.){0,4}#?${plain}\s*\)\s*\.\s*length`;
  const patterns = [
    new RegExp(String.raw`(?:${size}|${keys})\s*(?:>=?|===?)\s*(?<operand>${OPERAND})`, 'g'),
    new RegExp(
      String.raw`(?<![\w$.])(?<operand>${OPERAND})\s*<=?\s*(?:[\w$]+\.){0,4}(?:${size}|${keys})`,
      'g',
    ),
    new RegExp(String.raw`(?<adds>(?:${size}|${keys})\s*<=?\s*)(?<operand>${OPERAND})`, 'g'),
  ];
  const takesOut = new RegExp(
    String.raw`(?<![\w$])#?${plain}\s*(?:\.\s*(?:shift|pop|splice|delete|clear)\s*\(|\.\s*length\s*(?:=[^=]|--)|=[^=;]*\bslice\b|=\s*\[\s*\])`,
  );
  const adds = new RegExp(String.raw`(?<![\w$])#?${plain}\s*\.\s*(?:push|unshift|set|add)\s*\(`);
  const found: SizeCheck[] = [];
  for (const pattern of patterns) {
    for (const match of [...script.matchAll(pattern)].slice(0, MAX_CHECKS)) {
      const { operand = '', adds: guardsAdding } = match.groups ?? {};
      const behind = script.slice(match.index + match[0].length, match.index + match[0].length + GUARDED);
      const bounds =
        guardsAdding !== undefined
          ? adds.test(behind.slice(0, REFUSED))
          : takesOut.test(behind) ||
            makesRoom(behind) ||
            (REFUSES.test(behind.slice(0, REFUSED)) && adds.test(behind));
      const limit = bounds ? numberOf(script, operand) : null;
      if (limit !== null && limit > 0)
        found.push({ text: match[0].replace(/\s+/g, ' ').slice(0, MAX_TEXT), limit });
    }
  }
  return found;
}

/** Right behind the comparison: what is called further down has nothing to do with it. */
function makesRoom(behind: string): boolean {
  return MAKES_ROOM.test(behind.slice(0, REFUSED));
}

/** Null where it is no number, nor a name that the script gives exactly one number. */
function numberOf(script: string, operand: string): number | null {
  const literal = product(operand);
  if (literal !== null) return literal;
  const constant = /[A-Za-z_$][\w$]*$/.exec(operand)?.[0];
  if (constant === undefined) return null;
  const assigned = new RegExp(
    String.raw`(?<![\w$])${constant.replaceAll('$', String.raw`\$`)}\s*=\s*(?<number>${LITERAL})\s*[;,\n\r)}]`,
    'g',
  );
  const values = new Set(
    [...script.matchAll(assigned)].map((match) => product(match.groups?.['number'] ?? '')),
  );
  const [value = null] = values;
  return values.size === 1 ? value : null;
}

/** `4000`, `10_000`, `1e4`, `10 * 1000`. */
function product(text: string): number | null {
  if (!/^\d/.test(text)) return null;
  const value = text
    .split('*')
    .reduce((total, factor) => total * Number(factor.trim().replaceAll('_', '')), 1);
  return Number.isFinite(value) ? value : null;
}
