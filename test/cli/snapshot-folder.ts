import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROUNDS = 3;

/** A folder that is gone when the tests of the file have run. */
export class SnapshotFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'leakwatch-cli-'));

  constructor() {
    after(() => rmSync(this.path, { recursive: true }));
  }

  /** Snapshots that a program of `programs/` takes of itself in a process of its own, oldest first. */
  take(program: string): readonly string[] {
    const folder = mkdtempSync(join(this.path, `${program}-`));
    const path = fileURLToPath(new URL(`./programs/${program}.js`, import.meta.url));
    execFileSync(process.execPath, [path, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    return Array.from({ length: ROUNDS }, (_, round) => join(folder, `${round}.heapsnapshot`));
  }

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    writeFileSync(path, content);
    return path;
  }
}
