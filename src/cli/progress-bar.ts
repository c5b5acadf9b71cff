import { formatBytes } from '../runtime/units.js';
import type { StatusStream } from './command.js';
import { LiveLine } from './live-line.js';

const BAR_CELLS = 20;

/** One line that is redrawn and erased at the end. Writes nothing if the stream is no terminal. */
export class ProgressBar {
  readonly #line: LiveLine;
  #shown = '';

  constructor(stream: StatusStream) {
    this.#line = new LiveLine(stream);
  }

  /** Progress of reading an input; `totalBytes` 0 means that its size is unknown. */
  reading(label: string, bytes: number, totalBytes: number): void {
    if (totalBytes === 0) {
      this.step(label, `reading, ${formatBytes(bytes)}`);
      return;
    }
    // The file may grow during the read.
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
    this.#shown = '';
    this.#line.clear();
  }

  #draw(text: string): void {
    if (text === this.#shown) return;
    this.#shown = text;
    this.#line.draw(text);
  }
}
