import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { unavailable } from '../forked-job.js';

/** Of ELF's header, its sections and its symbols, bytes. */
const HEADER = { sections: 40, count: 60 } as const;
const SECTION = { bytes: 64, type: 4, offset: 24, size: 32 } as const;
const SYMBOL_BYTES = 24;
const SYMTAB = 2;
/** Beyond every table of names. */
const FAR = 0xffff_fff0;

/** How many symbols the program's own table has, which debuggers read; all of their names are put far away. */
function loseNames(program: Buffer): number {
  const sections = Number(program.readBigUInt64LE(HEADER.sections));
  let lost = 0;
  for (let index = 0; index < program.readUInt16LE(HEADER.count); index++) {
    const section = sections + index * SECTION.bytes;
    if (program.readUInt32LE(section + SECTION.type) !== SYMTAB) continue;
    const offset = Number(program.readBigUInt64LE(section + SECTION.offset));
    const size = Number(program.readBigUInt64LE(section + SECTION.size));
    for (let at = 0; at < size; at += SYMBOL_BYTES, lost++) program.writeUInt32LE(FAR, offset + at);
  }
  return lost;
}

describe('A Node.js whose table of symbols is damaged', { skip: unavailable }, () => {
  it('still runs, and prepares what it can', async (t) => {
    const program = readFileSync(process.execPath);
    if (loseNames(program) === 0) return t.skip('this Node.js is stripped');
    const directory = mkdtempSync(join(tmpdir(), 'leakwatch-damaged-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const damaged = join(directory, 'node');
    writeFileSync(damaged, program, { mode: 0o755 });
    const url = new URL('../../../src/native/binding.js', import.meta.url).href;
    const code = `import { loadBinding } from '${url}'; console.log(await loadBinding().binding.prepareGraph());`;
    const { stdout } = await promisify(execFile)(damaged, ['--input-type=module', '--eval', code]);
    assert.equal(stdout, 'null\n');
  });
});
