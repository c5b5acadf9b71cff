import { renderJson } from '../report/json.js';
import { terminalText } from '../report/terminal-text.js';
import { CommandError } from './command.js';

const MAX_LINE = 10_000;
const MAX_QUOTED = 80;

/** What a service sent, safe to print: it may not be the one that was meant. Throws a `CommandError` if it is not JSON. */
export function printable(text: string, json: boolean): string {
  if (json) return `${renderJson(parsed(text))}\n`;
  return text
    .split('\n')
    .map((line) => terminalText(line, MAX_LINE))
    .join('\n');
}

/** Throws a `CommandError`. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`the answer is not JSON: ${terminalText(text, MAX_QUOTED)}`);
  }
}
