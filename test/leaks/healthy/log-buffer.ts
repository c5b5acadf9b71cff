/** Log lines are gathered until there are 3 MB of them, and written to a file that is rotated. */
import { appendFileSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prose, repeat } from '../load.js';

const MAX_BUFFERED_BYTES = 3_000_000;
const file = join(mkdtempSync(join(tmpdir(), 'healthy-')), 'service.log');

class LogBuffer {
  #lines: string[] = [];
  #bytes = 0;

  write(line: string): void {
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= MAX_BUFFERED_BYTES) this.#flush();
  }

  #flush(): void {
    appendFileSync(file, this.#lines.join('\n'));
    renameSync(file, `${file}.1`);
    this.#lines = [];
    this.#bytes = 0;
  }
}

const log = new LogBuffer();
repeat(120, (index) => log.write(prose(1000, index)));
