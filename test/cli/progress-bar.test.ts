import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { ProgressBar } from '../../src/cli/progress-bar.js';
import { drawHeap } from '../support/drawn-heap.js';
import { leakwatch, MAIN } from './command-line.js';
import { SnapshotFolder } from './snapshot-folder.js';

const ROOT = dirname(createRequire(import.meta.url).resolve('leakwatch/package.json'));
const TERMINAL = join(ROOT, 'test', 'cli', 'programs', 'terminal.py');
const COLUMNS = 60;
const GIVE_UP_MS = 60_000;
const ERASE = '\r\u001b[K';

class Screen {
  readonly isTTY: boolean;
  readonly columns = COLUMNS;
  received = '';
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.received += text;
  }
}

/** What stood on the line, one text after the other. */
function linesOf(received: string): readonly string[] {
  assert.ok(received.startsWith(ERASE));
  return received.slice(ERASE.length).split(ERASE);
}

describe('The progress bar', () => {
  it('fills with the bytes that were read, and draws nothing twice', () => {
    const screen = new Screen(true);
    const bar = new ProgressBar(screen);
    for (const bytes of [0, 25_000_000, 25_000_001, 100_000_000]) bar.reading('heap', bytes, 100_000_000);
    assert.deepEqual(linesOf(screen.received), [
      `${'░'.repeat(20)}   0 % of 100 MB  heap`,
      `${'█'.repeat(5)}${'░'.repeat(15)}  25 % of 100 MB  heap`,
      `${'█'.repeat(20)} 100 % of 100 MB  heap`,
    ]);
  });

  it('is full, and no more, when a file grows while it is read', () => {
    const screen = new Screen(true);
    new ProgressBar(screen).reading('heap', 300, 200);
    assert.equal(linesOf(screen.received)[0], `${'█'.repeat(20)} 100 % of 200 bytes  heap`);
  });

  it('tells the bytes alone where nobody knows how many come', () => {
    const screen = new Screen(true);
    new ProgressBar(screen).reading('standard input', 1_200_000, 0);
    assert.deepEqual(linesOf(screen.received), ['reading, 1.2 MB …  standard input']);
  });

  it('is shorter than the line, and has no character that a terminal acts on', () => {
    const screen = new Screen(true);
    new ProgressBar(screen).step(`\u001b[2J${'long '.repeat(40)}`, 'ranking');
    const [line = ''] = linesOf(screen.received);
    assert.equal(line.length, COLUMNS - 1);
    assert.ok(line.startsWith('ranking …  \\x1b[2Jlong'));
  });

  it('is gone after clear, which does nothing when there is nothing', () => {
    const screen = new Screen(true);
    const bar = new ProgressBar(screen);
    bar.clear();
    assert.equal(screen.received, '');
    bar.step('heap', 'ranking');
    bar.clear();
    bar.clear();
    assert.deepEqual(linesOf(screen.received), ['ranking …  heap', '']);
  });

  it('writes nothing where there is no terminal', () => {
    const screen = new Screen(false);
    const bar = new ProgressBar(screen);
    bar.reading('heap', 1, 2);
    bar.step('heap', 'ranking');
    bar.clear();
    assert.equal(screen.received, '');
  });
});

const folder = new SnapshotFolder();
const bytes = Buffer.from(
  drawHeap(`
    global: object global 40
    list: object Array 32
    order*40: object Order 24
    root -shortcut 1-> global
    global -property orders-> list
    list -element #-> order
  `),
);
const file = folder.write('heap.heapsnapshot', bytes);

function python(args: readonly string[], input: Uint8Array = new Uint8Array()) {
  return spawnSync('python3', [TERMINAL, ...args], { input, encoding: 'utf8', timeout: GIVE_UP_MS });
}
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

describe('On a terminal', { skip: !hasPython && 'python3, which makes the terminal, is not there' }, () => {
  for (const [command, args] of Object.entries({
    analyze: ['analyze', file],
    'analyze --json': ['analyze', '--json', file],
    diff: ['diff', file, file],
  })) {
    it(`leakwatch ${command} shows how far it is, and clears it away`, async () => {
      const out = join(folder.path, 'stdout');
      const { stdout: received } = python(['watch', out, process.execPath, MAIN, ...args]);
      const lines = linesOf(received);
      assert.ok(lines.some((line) => /^█{20} 100 % of [\d.]+ KB {2}(1\/2 )?heap\.heapsnapshot$/.test(line)));
      assert.ok(lines.some((line) => /^ranking … {2}(2\/2 )?heap\.heapsnapshot$/.test(line)));
      assert.equal(lines.at(-1), '', 'the line is empty at the end');
      assert.ok(lines.every((line) => line.length < COLUMNS && !line.includes('\n')));
      const { stdout, stderr } = await leakwatch(args);
      assert.equal(readFileSync(out, 'utf8'), stdout, 'the output is the same without a terminal');
      assert.equal(stderr, '');
    });
  }

  it('a refusal follows on an empty line', () => {
    const cut = folder.write('cut.heapsnapshot', bytes.subarray(0, 900));
    const { stdout: received } = python([
      'watch',
      join(folder.path, 'none'),
      process.execPath,
      MAIN,
      'analyze',
      cut,
    ]);
    assert.match(linesOf(received).at(-1)!, /^leakwatch analyze: .*at byte 900: it ends too early.*\r\n$/s);
  });

  it('Ctrl-C ends it at once, by the signal that shells call 130', () => {
    const fifo = join(folder.path, 'fifo');
    const { stdout } = python(
      ['interrupt', fifo, process.execPath, MAIN, 'analyze', fifo],
      bytes.subarray(0, 900),
    );
    assert.ok(existsSync(fifo));
    assert.equal(stdout, `${constants.signals.SIGINT}\n`);
  });
});
