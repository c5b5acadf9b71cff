/**
 * Bounds that are in no variable: `if (cache.size >= 4000) cache.delete(…)`, `while (this.log.length > KEPT) …shift()`.
 * The text of a script is searched for comparisons of the size of a collection of this name with a number that decide
 * whether members are taken out of it or put in. The number is written there, or is a constant of the same script.
 *
 * A parser (acorn) was measured and left out. Of TypeScript, which Node runs as it is, it found 0 of the 44 bounds of ten
 * entries or more that this finds. In 50 MB of JavaScript packages it found 29, and this 18; of the other 11 one was of a
 * collection that outlives a call, whose limit is a field. It took 14 to 25 times the CPU and 25 to 43 bytes of heap a byte.
 *
 * A missed bound leaves a finding as it is. A false one is worse, since it hides a leak, though only until the collection
 * holds more. So the code that depends on a comparison is read to the end of its statement and not beyond.
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
/** The number compared with; if an expression follows, it is not read. */
const OPERAND = String.raw`(?<operand>${LITERAL}|(?:[A-Za-z_$][\w$]*\s*\.\s*){0,4}#?[A-Za-z_$][\w$]*)(?![\w$]|\s*[.*/+%([-])`;
/** How far behind a comparison the code that depends on it is read, characters. */
const READ = 400;
/** Comparisons of one name looked at in one script, and the length of one in a report. */
const MAX_CHECKS = 64;
const MAX_TEXT = 80;
/** Names of functions that make room; those of other objects make it elsewhere. */
const MAKES_ROOM =
  /(?<![\w$.])(?:this\s*\.\s*)?#?\w*(?:evict|prune|trim|flush|purge|sweep|compact|shrink|rotate|dropOldest|removeOldest)\w*\s*\(/i;
/** A statement that leaves, or a block that begins or ends with one: the next statement does not run. */
const LEAVES =
  /^[^;{]*\{?\s*\b(?:return|throw|continue|break)\b|\b(?:return|throw|continue|break)\b[^;{}]*[;\s]*\}?$/;

/** `script`: without its comments and texts, see `withoutTexts`. */
export function sizeChecks(script: string, name: string): readonly SizeCheck[] {
  if (!NAME.test(name)) return [];
  const plain = name.replace(/^#/, '').replaceAll('$', String.raw`\$`);
  const own = String.raw`(?<![\w$])#?${plain}\s*[?!]?`;
  const keys = String.raw`\bkeys\(\s*(?:[\w$]+\.){0,4}#?${plain}\s*\)\s*\.\s*length`;
  const size = String.raw`(?:${own}\.\s*(?:size|length)|${keys})`;
  const taken = String.raw`${own}(?:\.\s*(?:shift|pop|splice|delete|clear)\s*\(|\.\s*length\s*(?:=[^=]|--)|=[^=;]*\bslice\b)`;
  const emptied = String.raw`${own}=\s*(?:\[\s*\]|\{\s*\}|new\s+(?:Map|Set)\b)`;
  const deleted = String.raw`\bdelete\s+(?:[\w$]+\.){0,4}#?${plain}\s*\[`;
  const takesOut = new RegExp(`${taken}|${emptied}|${deleted}`);
  const adds = new RegExp(String.raw`${own}\.\s*(?:push|unshift|set|add)\s*\(`);
  // Full: something must go, or nothing may come.
  const isBound = (whenFull: string, whenRoom: string) =>
    takesOut.test(whenFull) || MAKES_ROOM.test(whenFull) || adds.test(whenRoom);
  const isFull = ({ holds, fails }: Branches) => isBound(holds, fails);
  const hasRoom = ({ holds, fails }: Branches) => isBound(fails, holds);
  return [
    ...checks(script, String.raw`${size}\s*(?:>=?|===?)\s*${OPERAND}`, isFull),
    ...checks(script, String.raw`(?<![\w$.])${OPERAND}\s*<=?\s*(?:[\w$]+\.){0,4}${size}`, isFull),
    ...checks(script, String.raw`${size}\s*<=?\s*${OPERAND}`, hasRoom),
  ];
}

function checks(
  script: string,
  comparison: string,
  bounds: (branches: Branches) => boolean,
): readonly SizeCheck[] {
  const found: SizeCheck[] = [];
  for (const match of [...script.matchAll(new RegExp(comparison, 'g'))].slice(0, MAX_CHECKS)) {
    if (!bounds(branches(script, match.index + match[0].length))) continue;
    const limit = numberOf(script, match.groups?.['operand'] ?? '');
    if (limit !== null && limit > 0)
      found.push({ text: match[0].replace(/\s+/g, ' ').slice(0, MAX_TEXT), limit });
  }
  return found;
}

/** Code that runs only when a comparison holds, and only when it fails. */
interface Branches {
  readonly holds: string;
  readonly fails: string;
}

function branches(script: string, from: number): Branches {
  const block = script.slice(from, from + READ);
  const behind = block.slice(0, closing(block, '{', '}'));
  const end = statementEnd(behind, conditionEnd(behind));
  const holds = behind.slice(0, end);
  const rest = behind.slice(end);
  const otherwise = /^\s*else\b/.exec(rest);
  if (otherwise !== null) return { holds, fails: rest.slice(0, statementEnd(rest, otherwise[0].length)) };
  return { holds, fails: LEAVES.test(holds.trimEnd()) ? rest : '' };
}

/** The index after the bracket that closes a condition; 0 if the comparison is in none. */
function conditionEnd(behind: string): number {
  let end = 0;
  do {
    const inside = behind.slice(end);
    const at = closing(inside, '(', ')');
    if (at === inside.length) break;
    end += at + 1;
  } while (/^\s*(?:\)|&&|\|\|)/.test(behind.slice(end)));
  return end;
}

/** The index after a block, or after the semicolon of a single statement. */
function statementEnd(text: string, from: number): number {
  const start = text.slice(from).search(/[;{]/);
  if (start < 0) return text.length;
  const first = from + start + 1;
  return text[first - 1] === ';' ? first : first + closing(text.slice(first), '{', '}') + 1;
}

/** The index of a bracket that closes one opened before the text; the text's length if no bracket does. */
function closing(text: string, open: string, close: string): number {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === open) depth++;
    if (text[at] === close && --depth < 0) return at;
  }
  return text.length;
}

/** Null unless it is a number, or a name to which the script assigns one number and nothing else. */
function numberOf(script: string, operand: string): number | null {
  if (/^\d/.test(operand)) return product(operand);
  const constant = /[A-Za-z_$][\w$]*$/.exec(operand)?.[0] ?? '';
  const assigned = new RegExp(
    String.raw`(?<![\w$])${constant.replaceAll('$', String.raw`\$`)}(?:\s*:\s*number)?\s*=(?![=>])\s*(?<value>[^;,\n)}\]]{0,40})`,
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
