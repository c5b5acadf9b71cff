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
const LITERAL = String.raw`\d[\d_]*(?:[eE]\d+)?(?:\s*\*\s*\d[\d_]*){0,3}`;
/** What is compared with; what goes on behind it is a number that is not read. */
const OPERAND = String.raw`(?<operand>${LITERAL}|(?:[A-Za-z_$][\w$]*\s*\.\s*){0,4}#?[A-Za-z_$][\w$]*)(?![\w$]|\s*[.*/+%([-])`;
/** How far behind a comparison that what it guards is looked for, characters; of those, how far a refusal or an addition may be. */
const GUARDED = 240;
const NEXT = 60;
/** Comparisons of one name looked at in one script, and the length of one as it is told. */
const MAX_CHECKS = 64;
const MAX_TEXT = 80;
/** What functions are called that make room; those of other objects make it elsewhere. */
const MAKES_ROOM =
  /(?<![\w$.])(?:this\s*\.\s*)?#?\w*(?:evict|prune|trim|flush|purge|sweep|compact|shrink|rotate|dropOldest|removeOldest)\w*\s*\(/i;
const REFUSES = /^[^;]*?\b(?:return|throw|continue|break)\b/;

/** `script`: without its comments and texts, see `withoutTexts`. */
export function sizeChecks(script: string, name: string): readonly SizeCheck[] {
  if (!NAME.test(name)) return [];
  const plain = name.replace(/^#/, '').replaceAll('$', String.raw`\$`);
  const own = String.raw`(?<![\w$])#?${plain}\s*`;
  const keys = String.raw`\bkeys\(\s*(?:[\w$]+\.){0,4}#?${plain}\s*\)\s*\.\s*length`;
  const size = String.raw`(?:${own}\.\s*(?:size|length)|${keys})`;
  const takesOut = new RegExp(
    String.raw`${own}(?:\.\s*(?:shift|pop|splice|delete|clear)\s*\(|\.\s*length\s*(?:=[^=]|--)|=[^=;]*\bslice\b|=\s*\[\s*\])`,
  );
  const adds = new RegExp(String.raw`${own}\.\s*(?:push|unshift|set|add)\s*\(`);
  // Full: something must go, or nothing may come.
  const isFull = (behind: string) =>
    takesOut.test(behind) ||
    MAKES_ROOM.test(behind.slice(0, NEXT)) ||
    (REFUSES.test(behind.slice(0, NEXT)) && adds.test(behind));
  const hasRoom = (behind: string) => adds.test(behind.slice(0, NEXT));
  return [
    ...checks(script, String.raw`${size}\s*(?:>=?|===?)\s*${OPERAND}`, isFull),
    ...checks(script, String.raw`(?<![\w$.])${OPERAND}\s*<=?\s*(?:[\w$]+\.){0,4}${size}`, isFull),
    ...checks(script, String.raw`${size}\s*<=?\s*${OPERAND}`, hasRoom),
  ];
}

function checks(
  script: string,
  comparison: string,
  bounds: (behind: string) => boolean,
): readonly SizeCheck[] {
  const found: SizeCheck[] = [];
  for (const match of [...script.matchAll(new RegExp(comparison, 'g'))].slice(0, MAX_CHECKS)) {
    if (!bounds(guarded(script, match.index + match[0].length))) continue;
    const limit = numberOf(script, match.groups?.['operand'] ?? '');
    if (limit !== null && limit > 0)
      found.push({ text: match[0].replace(/\s+/g, ' ').slice(0, MAX_TEXT), limit });
  }
  return found;
}

/** What follows in the same block. */
function guarded(script: string, from: number): string {
  const end = Math.min(script.length, from + GUARDED);
  let depth = 0;
  for (let at = from; at < end; at++) {
    if (script[at] === '{') depth++;
    if (script[at] === '}' && --depth < 0) return script.slice(from, at);
  }
  return script.slice(from, end);
}

/** Null where it is no number, nor a name that the script gives one number and nothing else. */
function numberOf(script: string, operand: string): number | null {
  if (/^\d/.test(operand)) return product(operand);
  const constant = /[A-Za-z_$][\w$]*$/.exec(operand)?.[0] ?? '';
  const assigned = new RegExp(
    String.raw`(?<![\w$])${constant.replaceAll('$', String.raw`\$`)}\s*=(?![=>])\s*(?<value>[^;,\n)}\]]{0,40})`,
    'g',
  );
  const values = new Set(
    [...script.matchAll(assigned)].map((match) => product(match.groups?.['value'] ?? '')),
  );
  const [value = null] = values;
  return values.size === 1 ? value : null;
}

/** `4000`, `10_000`, `1e4`, `10 * 1000`. */
function product(text: string): number | null {
  if (!new RegExp(`^${LITERAL}$`).test(text.trim())) return null;
  return text.split('*').reduce((total, factor) => total * Number(factor.trim().replaceAll('_', '')), 1);
}
