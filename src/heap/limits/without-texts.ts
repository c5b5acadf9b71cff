/** What begins a comment or a text, and what ends it. */
const PARTS =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^'\\\n]|\\[\s\S])*'?|"(?:[^"\\\n]|\\[\s\S])*"?|`(?:[^`\\]|\\[\s\S])*`?/g;

/**
 * A script with blanks for its comments and texts, of the same length. Code in a template is a text here, and a regular
 * expression with a quote in it may make a text of the rest of its line.
 */
export function withoutTexts(script: string): string {
  return script.replace(PARTS, (part) => part.replace(/[^\n]/g, ' '));
}
