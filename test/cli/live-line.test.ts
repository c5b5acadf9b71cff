import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { LiveLine } from '../../src/cli/live-line.js';
import { MAIN } from './command-line.js';
import { program } from './run-program.js';

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

describe('The live line', () => {
  it('fits the terminal, and shows what the terminal would act on as escapes', () => {
    const screen = new Screen(true);
    new LiveLine(screen).draw(`\u001b[2J${'long '.repeat(50)}`);
    const [, line] = screen.received.split(ERASE);
    assert.ok(line!.length < COLUMNS);
    assert.match(line!, /^\\x1b\[2Jlong .*…$/);
  });

  it('stays below the lines that are said, and is gone at the end', () => {
    const screen = new Screen(true);
    const line = new LiveLine(screen);
    line.draw('working');
    line.say('found\nsomething');
    line.clear();
    line.clear();
    assert.equal(
      screen.received,
      `${ERASE}working${ERASE}leakwatch: found\\x0asomething\n${ERASE}working${ERASE}`,
    );
  });

  it('is not drawn where there is no terminal; what is said is', () => {
    const screen = new Screen(false);
    const line = new LiveLine(screen);
    line.draw('working');
    line.say('found something');
    line.clear();
    assert.equal(screen.received, 'leakwatch: found something\n');
  });

  it('shows on a terminal how a run stands, and leaves nothing of itself', {
    skip: spawnSync('python3', ['--version']).status === 0 ? false : 'there is no python3 to make a terminal',
  }, () => {
    const run = [
      process.execPath,
      MAIN,
      'run',
      '--for',
      '6s',
      '--',
      process.execPath,
      program('run-steady.cjs'),
    ];
    const { stdout, status } = spawnSync('python3', [TERMINAL, 'watch', devNull, ...run], {
      encoding: 'utf8',
      timeout: GIVE_UP_MS,
    });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /leakwatch \d:\d\d {2}\w+ {2}live heap [\d.]+ MB, /);
    for (const drawn of stdout.split(ERASE)) assert.ok(drawn.split('\r\n').at(-1)!.length < COLUMNS, drawn);
    assert.ok(stdout.endsWith(ERASE));
  });
});
