/**
 * Characters that JSON allows in strings and that a terminal, a log reader or a page embedding the answer acts on:
 * DEL and C1 controls, bidi and zero-width format characters, line separators, `<`, `>`, `&`.
 */
const ACTIVE = /[<>&\p{Cf}\p{Zl}\p{Zp}\x7f-\x9f]/gu;

/** A cheaper test first: it takes a fifth of the time where nothing is active. */
const PERHAPS_ACTIVE = /[<>&\x7f-\uffff]/;

/** JSON that parses to the same value as `JSON.stringify` gives, with every active character written as an escape. */
export function renderJson(value: unknown): string {
  return escapeActive(JSON.stringify(value) ?? 'null');
}

/** The same for JSON that is made already. */
export function escapeActive(json: string): string {
  if (!PERHAPS_ACTIVE.test(json)) return json;
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(ACTIVE, (character) => character.split('').map(escaped).join(''));
}
