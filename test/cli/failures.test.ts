import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { packageVersion } from '../../src/runtime/package-version.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch, MAIN } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const folder = new SnapshotFolder();
const whole = Buffer.from(
  drawHeap(`
    global: object global 40
    list: object Array 32
    order*40: object Order 24
    root -shortcut 1-> global
    global -property orders-> list
    list -element #-> order
  `),
);
const good = folder.write('good.heapsnapshot', whole);

/** Both commands refuse the file, print nothing but the reason, and end with 2. */
async function refused(file: string, reason: RegExp, input?: Uint8Array): Promise<void> {
  for (const args of [
    ['analyze', file],
    ['analyze', '--json', file],
    ['diff', good, file],
    ['diff', '--json', file, good],
  ]) {
    const { code, stdout, stderr } = await leakwatch(args, input);
    assert.equal(code, EXIT_CODES.failed, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`^leakwatch ${args[0]}: [^\\n]*\\n$`), 'one line');
    assert.ok(stderr.includes(file === '-' ? 'standard input: ' : `${file}: `), stderr);
    assert.match(stderr, reason);
  }
}

describe('A file that cannot be analysed is named, with the reason and exit code 2', () => {
  it('when it does not exist', () =>
    refused(join(folder.path, 'nowhere'), /there is no such file \(ENOENT\)/));

  it('when it is a directory', () =>
    refused(folder.path, /it is a directory, not a heap snapshot \(EISDIR\)/));

  it('when it may not be read', () => {
    // Root may read everything but this.
    if (process.getuid?.() === 0) return refused('/proc/self/mem', /\(EIO\)/);
    const file = folder.write('closed.heapsnapshot', whole);
    chmodSync(file, 0);
    return refused(file, /this user lacks the permission to read it \(EACCES\)/);
  });

  it('when it is cut off, with the byte at which it ends', () => {
    const bytes = whole.length - 100;
    const file = folder.write('cut.heapsnapshot', whole.subarray(0, bytes));
    return refused(file, new RegExp(`not well formed at byte ${bytes}: it ends too early`));
  });

  it('when it is empty', () => refused(folder.write('empty', ''), /at byte 0: it ends too early/));

  it('when it is something else', () =>
    refused(folder.write('words', 'Dear diary,'), /at byte 0: it is not the JSON of a heap snapshot/));

  it('when it is JSON of something else', () =>
    refused(folder.write('other.json', '{"a":[1,2]}'), /at byte \d+: a section is missing/));

  it('when it comes through standard input', () =>
    refused('-', /at byte 50: it ends too early/, whole.subarray(0, 50)));

  it('and its name is safe to print', async () => {
    const { stderr } = await leakwatch(['analyze', '\u001b[31mred']);
    assert.equal(stderr, 'leakwatch analyze: \\x1b[31mred: there is no such file (ENOENT)\n');
  });
});

describe('A command line that is wrong shows what is wrong and the usage, and ends with 2', () => {
  const WRONG = [
    [['analyze'], /^leakwatch analyze: name a file\nUsage: leakwatch analyze /],
    [['analyze', 'a', 'b'], /^leakwatch analyze: takes one file\nUsage/],
    [['analyze', '--jsn', 'a'], /unknown option '--jsn', did you mean --json\?/],
    [['analyze', '--json=1', 'a'], /--json takes no value/],
    [['analyze', '--top', '--json', 'a'], /--top takes a number from 1 to 1000/],
    [['analyze', '--top', 'x', 'a'], /--top takes a number from 1 to 1000/],
    [['analyze', '--top=0', 'a'], /--top takes a number from 1 to 1000/],
    [['analyze', 'a', '--top'], /--top takes a number from 1 to 1000/],
    [['diff', 'a'], /^leakwatch diff: name at least 2 files\nUsage: leakwatch diff /],
    [['diff', '-', '-'], /standard input can be read only once/],
    [['diff', ...'abcdefghijklmnopq'], /takes at most 16 files: leave out some in the middle/],
    [['token', 'x'], /^leakwatch token: takes no arguments\nUsage: leakwatch token/],
    [['token', '--scopes', 'read'], /^leakwatch token: unknown option '--scopes', did you mean --scope\?/],
    [['token', '--scope', 'root'], /^leakwatch token: --scope takes one or more of read,metrics,/],
    [['token', '--scope'], /--scope takes one or more of/],
    [['token', '--expires', 'soon'], /--expires takes a time such as 90d/],
    [['token', '--expires', '0d'], /--expires takes a time such as 90d/],
    [['token', '--expires', '2020-01-01'], /--expires takes a time to come/],
    [['token', '--id', 'a b'], /--id takes 1 to 64 letters/],
    [['constructor'], /^leakwatch: unknown command 'constructor'\nUsage: leakwatch COMMAND/],
  ] as const;

  for (const [args, message] of WRONG) {
    it(`leakwatch ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await leakwatch(args);
      assert.deepEqual([code, stdout], [EXIT_CODES.usage, '']);
      assert.match(stderr, message);
    });
  }

  it('takes what follows -- for files', async () => {
    const { stderr } = await leakwatch(['analyze', '--', '--json']);
    assert.match(stderr, /^leakwatch analyze: --json: there is no such file/);
  });
});

it('tells its version', async () => {
  const { code, stdout } = await leakwatch(['--version']);
  assert.deepEqual([code, stdout], [0, `${packageVersion()}\n`]);
  assert.match(stdout, /^\d+\.\d+\.\d+/);
});

it('a reader that has seen enough of the output is no failure', async () => {
  const rows = `
    global: object global 40
    root -shortcut 1-> global
    ${Array.from({ length: 900 }, (_, at) => `a${at}: object Class${at}${'x'.repeat(60)} 24\nglobal -property p${at}-> a${at}`).join('\n')}`;
  const file = folder.write('wide.heapsnapshot', drawHeap(rows));
  const reader = spawn(process.execPath, [MAIN, 'analyze', '--top', '1000', file]);
  let stderr = '';
  reader.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(reader.stdout, 'data');
  reader.stdout.destroy();
  const [code] = (await once(reader, 'close')) as [number | null];
  assert.deepEqual([code, stderr], [0, '']);
});
