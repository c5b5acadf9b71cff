import { formatBytes } from '../report/format.js';
import { terminalText } from '../report/terminal-text.js';
import type { StatusStream } from './command.js';

const BAR_CELLS = 20;
const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\u001b[K';

/** One line that is drawn over and over and is gone at the end. Where the stream is no terminal nothing is ever written. */
export class ProgressBar {
  readonly #stream: StatusStream;
  #shown = '';

  constructor(stream: StatusStream) {
    this.#stream = stream;
  }

  /** How far the reading of an input is; `totalBytes` 0 means that its size is not known. */
  reading(label: string, bytes: number, totalBytes: number): void {
    if (totalBytes === 0) {
      this.step(label, `reading, ${formatBytes(bytes)}`);
      return;
    }
    // A file may grow while it is read.
    const share = Math.min(1, bytes / totalBytes);
    const full = Math.floor(share * BAR_CELLS);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
    this.#draw(
      `${bar} ${String(Math.floor(share * 100)).padStart(3)} % of ${formatBytes(totalBytes)}  ${label}`,
    );
  }

  step(label: string, what: string): void {
    this.#draw(`${what} …  ${label}`);
  }

  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#stream.write(ERASE_LINE);
  }

  #draw(text: string): void {
    if (this.#stream.isTTY !== true) return;
    // A line that wraps could not be erased as one.
    const line = terminalText(text, (this.#stream.columns || DEFAULT_COLUMNS) - 1);
    if (line === this.#shown) return;
    this.#shown = line;
    this.#stream.write(`${ERASE_LINE}${line}`);
  }
}
