import type { ClassKey } from '../heap/growth/class-key.js';
import { terminalText } from '../report/terminal-text.js';
import { shortScript } from '../runtime/script-name.js';

const MAX_NAME = 100;
const MAX_CLASS = 60;

export const safeName = (text: string): string => terminalText(text, MAX_NAME);

/** `{id, user}` for a plain object, otherwise the class's name. */
export function className({ className: name, shape }: ClassKey): string {
  return terminalText(shape ?? name, MAX_CLASS);
}

/** `orders/history.ts:33`, or an empty string. */
export function definedAt({ location }: ClassKey): string {
  return location === null || location.script === ''
    ? ''
    : terminalText(`${shortScript(location.script)}:${location.line}`, MAX_CLASS);
}
