import { terminalText } from '../report/terminal-text.js';
import type { StatusStream } from './command.js';

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[K';
const MAX_LINE = 400;

/**
 * Lines about a running program, next to its own output: on a terminal one line that is redrawn and erased at the end,
 * and lines that stay.
 */
export class LiveLine {
  readonly #stream: StatusStream;
  #shown = '';

  constructor(stream: StatusStream) {
    this.#stream = stream;
  }

  /** Writes nothing if the stream is no terminal. */
  draw(text: string): void {
    if (this.#stream.isTTY !== true) return;
    // A line that wraps could not be erased as one.
    const line = terminalText(text, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
    // Drawn even if unchanged: the program may have overwritten it.
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
