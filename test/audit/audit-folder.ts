import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { AuditLog, type AuditLogOptions } from '../../src/audit/audit-log.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger } from '../support/recording-logger.js';

export const PROGRAM = '0123456789abcdef';

/** A state directory of a test, and logs that write there. */
export class AuditFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'leakwatch-audit-'));
  readonly clock = new ManualClock();
  readonly logger = createRecordingLogger();

  readonly #logs: AuditLog[] = [];

  constructor() {
    after(async () => {
      const closed = Promise.all(this.#logs.map((log) => log.close()));
      // Past the deadline of a disk that hangs.
      this.clock.advance(5000);
      await closed;
      await rm(this.path, { recursive: true, force: true });
    });
  }

  log(changes: Partial<AuditLogOptions> = {}): AuditLog {
    // So that files of different logs have different names in the order of their beginning.
    this.clock.advance(1000);
    const log = new AuditLog({
      directory: this.path,
      program: PROGRAM,
      writer: { pid: 12, threadId: 0, version: '1.2.3' },
      clock: this.clock,
      logger: this.logger,
      ...changes,
    });
    this.#logs.push(log);
    return log;
  }

  /** Names of the files, oldest first. */
  get files(): readonly string[] {
    return readdirSync(this.path).sort();
  }

  pathOf(at: number): string {
    return join(this.path, this.files.at(at)!);
  }

  text(at: number): string {
    return readFileSync(this.pathOf(at), 'utf8');
  }

  lines(at: number): readonly Readonly<Record<string, unknown>>[] {
    return this.text(at)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}
