import { terminalText } from '../report/terminal-text.js';
import type { StatusStream } from './command.js';

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[K';
const MAX_LINE = 400;

/**
 * Lines about a program that is running, beside what it prints itself: one that is drawn anew on a terminal and is gone
 * at the end, and others that stay.
 */
export class LiveLine {
  readonly #stream: StatusStream;
  #shown = '';

  constructor(stream: StatusStream) {
    this.#stream = stream;
  }

  /** Where the stream is no terminal nothing is written. */
  draw(text: string): void {
    if (this.#stream.isTTY !== true) return;
    // A line that wraps could not be erased as one.
    const line = terminalText(text, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
    // Drawn even if it is the same: the program may have written over it.
    this.#shown = line;
    this.#stream.write(`${ERASE_LINE}${line}`);
  }

  /** A line that stays. */
  say(text: string): void {
    const drawn = this.#shown;
    this.clear();
    this.#stream.write(`leakwatch: ${terminalText(text, MAX_LINE)}\n`);
    if (drawn !== '') this.draw(drawn);
  }

  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#stream.write(ERASE_LINE);
  }
}
