import { terminalText } from '../report/terminal-text.js';

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[K';
const MAX_LINE = 400;

/** The part of a terminal that a line needs. */
export interface StatusStream {
  readonly isTTY?: boolean | undefined;
  /** Characters a line; unknown if the stream is no terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** On a terminal one line that is redrawn and erased at the end, and lines that stay. */
export class LiveLine {
  readonly #stream: StatusStream;
  #shown = '';

  constructor(stream: StatusStream) {
    this.#stream = stream;
  }

  /** Writes nothing if the stream is no terminal. */
  draw(text: string): void {
    if (this.#stream.isTTY !== true) return;
    // A line that wraps could not be erased as one. Drawn even if unchanged: a program may have overwritten it.
    this.#shown = terminalText(text, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
    this.#stream.write(`${ERASE_LINE}${this.#shown}`);
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
