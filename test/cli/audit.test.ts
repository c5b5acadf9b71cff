import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { AuditFolder } from '../audit/audit-folder.js';
import { leakwatch } from './command-line.js';

const CALL = { event: 'call', route: 'collect', principal: 'token-1' };

/** Three files of one program, each after a restart, with three lines. */
async function written(): Promise<{ readonly folder: AuditFolder; readonly files: readonly string[] }> {
  const folder = new AuditFolder();
  for (let start = 0; start < 3; start++) {
    const log = folder.log();
    for (const index of [1, 2]) await log.record({ ...CALL, index }, true);
    await log.close();
  }
  return { folder, files: folder.files.map((name) => join(folder.path, name)) };
}

function change(file: string, edit: (lines: string[]) => readonly string[]): void {
  writeFileSync(
    file,
    edit(readFileSync(file, 'utf8').trimEnd().split('\n'))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function headOf(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8').trimEnd().split('\n').at(-1)!) as { hash: string }).hash;
}

describe('leakwatch audit verify', () => {
  it('says of intact files how many lines they have, of what time, and which they continue', async () => {
    const { files } = await written();
    const { code, stdout, stderr } = await leakwatch(['audit', 'verify', ...files]);
    assert.deepEqual([code, stderr], [EXIT_CODES.clean, '']);
    const [first, head, second] = stdout.split('\n');
    assert.match(first!, /^audit-\S+\.jsonl: intact, 3 lines from 2026-01-01T00:00:01\.000Z to 2026-\S+Z$/);
    assert.equal(head, `  head ${headOf(files[0]!)}`);
    assert.match(second!, /intact, 3 lines/);
    assert.match(stdout, /\n {2}continues audit-\S+\.jsonl after its line 3\n/);
  });

  it('says of a single file that the one before it was not given', async () => {
    const { files } = await written();
    const { code, stdout } = await leakwatch(['audit', 'verify', files[2]!]);
    assert.equal(code, EXIT_CODES.clean);
    assert.match(stdout, /after its line 3; that file was not given/);
  });

  for (const [what, edit, words] of [
    [
      'changed',
      (lines) => lines.with(1, lines[1]!.replace('token-1', 'token-2')),
      /line 2: the line was changed/,
    ],
    ['removed', (lines) => lines.toSpliced(1, 1), /line 2: 1 line before it is missing/],
    ['inserted', (lines) => lines.toSpliced(2, 0, lines[1]!), /line 3: the line was inserted or moved/],
    ['moved', (lines) => [lines[0]!, lines[2]!, lines[1]!], /line 2: 1 line before it is missing/],
  ] as readonly [string, (lines: string[]) => readonly string[], RegExp][]) {
    it(`exits with 1 and names the line if one was ${what}`, async () => {
      const { files } = await written();
      change(files[1]!, edit);
      const { code, stdout } = await leakwatch(['audit', 'verify', ...files]);
      assert.equal(code, EXIT_CODES.growth);
      assert.match(stdout, words);
    });
  }

  it('exits with 1 if the last lines of a file that another continues were removed', async () => {
    const { files } = await written();
    change(files[0]!, (lines) => lines.slice(0, 2));
    assert.equal(
      (await leakwatch(['audit', 'verify', files[0]!])).code,
      EXIT_CODES.clean,
      'by itself it is whole',
    );
    const { code, stdout } = await leakwatch(['audit', 'verify', ...files]);
    assert.equal(code, EXIT_CODES.growth);
    assert.match(stdout, /DAMAGED: continues audit-\S+ after its line 3, but that file has no such line now/);
  });

  it('says that the end is cut off, unless the file after it says so', async () => {
    const { folder, files } = await written();
    appendFileSync(files[2]!, '{"seq":4,');
    const alone = await leakwatch(['audit', 'verify', files[2]!]);
    assert.equal(alone.code, EXIT_CODES.growth);
    assert.match(alone.stdout, /TRUNCATED: after the last whole line 9 bytes of an unfinished one/);
    await folder.log().record(CALL, true);
    const all = await leakwatch(['audit', 'verify', ...folder.files.map((name) => join(folder.path, name))]);
    assert.equal(all.code, EXIT_CODES.clean, all.stdout);
    assert.match(all.stdout, /unfinished last line of 9 bytes, as the file after it says/);
  });

  it('finds a head that was noted elsewhere, and exits with 1 if no line has it', async () => {
    const { folder, files } = await written();
    const last = files[2]!;
    const head = headOf(last);
    const latest = await leakwatch(['audit', 'verify', '--head', head, ...files]);
    assert.equal(latest.code, EXIT_CODES.clean);
    assert.match(latest.stdout, /noted head: the last line of audit-/);
    const earlier = await leakwatch([
      'audit',
      'verify',
      ...files,
      '--head',
      JSON.parse(folder.text(2).split('\n')[1]!).hash,
    ]);
    assert.equal(earlier.code, EXIT_CODES.clean);
    assert.match(earlier.stdout, /noted head: line 2, 1 line before the end of audit-/);
    change(last, (lines) => lines.slice(0, 2));
    const gone = await leakwatch(['audit', 'verify', '--head', head, last]);
    assert.equal(gone.code, EXIT_CODES.growth);
    assert.match(gone.stdout, /noted head: DAMAGED: no line has it/);
  });

  it('exits with 2 for a file that cannot be read, and for a wrong command line', async () => {
    for (const [args, words] of [
      [['verify', '/nowhere\u001b[2J'], /^leakwatch audit: \/nowhere\\x1b\[2J: cannot be read \(ENOENT\)\n$/],
      [['verify', '/'], /\/: cannot be read \(EISDIR\)/],
      [['verify'], /name a file/],
      [[], /the only action is 'verify'/],
      [['verify', '--head', 'x', 'f'], /--head takes a hash of 64 hexadecimal digits/],
    ] as const) {
      const { code, stdout, stderr } = await leakwatch(['audit', ...args]);
      assert.deepEqual([code, stdout], [EXIT_CODES.failed, '']);
      assert.match(stderr, words);
    }
  });

  it('exits with 1 for what is no audit log, and for an empty file', async () => {
    const folder = new AuditFolder();
    for (const [name, content, words] of [
      ['words', 'Dear diary,\n', /line 1: it is not a line of an audit log/],
      ['empty', '', /it has no whole line/],
    ] as const) {
      const file = join(folder.path, name);
      writeFileSync(file, content);
      const { code, stdout } = await leakwatch(['audit', 'verify', file]);
      assert.equal(code, EXIT_CODES.growth);
      assert.match(stdout, words);
    }
  });
});
