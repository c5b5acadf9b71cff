/**
 * Text from the watched heap made safe to print: class and property names are chosen by the program or by its users.
 * Everything that a terminal, a log reader or the bidi algorithm acts on is shown as an escape instead:
 * control characters (ESC, CR, LF, C1), format characters (bidi overrides, zero-width), line and paragraph
 * separators, lone surrogates, private and unassigned code points.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;
/** More combining marks than any script stacks pile up over the lines above. */
const STACKED_MARKS = /(\p{M}{4})\p{M}+/gu;

/** At most `maxLength` characters; what was cut ends in `…`. */
export function terminalText(text: string, maxLength: number): string {
  const safe = text
    .slice(0, maxLength + 1)
    .replace(STACKED_MARKS, '$1')
    .replace(UNSAFE, escaped);
  return text.length > maxLength || safe.length > maxLength
    ? `${cutAtCharacter(safe, maxLength - 1)}…`
    : safe;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Never leaves half a surrogate pair; `text` has no other halves. */
function cutAtCharacter(text: string, length: number): string {
  const cut = text.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
