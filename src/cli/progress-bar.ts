import { formatBytes } from '../runtime/units.js';
import { LiveLine } from './live-line.js';

const BAR_CELLS = 20;

/** How far the reading and the analysis of snapshots are. */
export class ProgressBar extends LiveLine {
  #latest = '';

  /** Progress of reading an input; `totalBytes` 0 means that its size is unknown. */
  reading(label: string, bytes: number, totalBytes: number): void {
    if (totalBytes === 0) {
      this.step(label, `reading, ${formatBytes(bytes)}`);
      return;
    }
    // The file may grow during the read.
    const share = Math.min(1, bytes / totalBytes);
    const bar = '█'.repeat(share * BAR_CELLS).padEnd(BAR_CELLS, '░');
    const percent = String(Math.floor(share * 100)).padStart(3);
    this.draw(`${bar} ${percent} % of ${formatBytes(totalBytes)}  ${label}`);
  }

  step(label: string, what: string): void {
    this.draw(`${what} …  ${label}`);
  }

  /** A file has many chunks of the same percentage. */
  override draw(text: string): void {
    if (text !== this.#latest) super.draw(text);
    this.#latest = text;
  }
}
