import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { StateDirectory } from '../../src/daemon/state-directory.js';
import { LeakwatchError } from '../../src/errors.js';
import { createRecordingLogger } from '../support/recording-logger.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leakwatch-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(path: string): StateDirectory {
  return StateDirectory.open({ candidates: [path], explicit: true }, createRecordingLogger())!;
}

function refuses(path: string, words: RegExp): void {
  assert.throws(
    () => open(path),
    (error) =>
      error instanceof LeakwatchError &&
      error.code === 'LEAKWATCH_ERR_STATE_DIR' &&
      words.test(error.message) &&
      /LEAKWATCH_STATE_DIR/.test(error.message),
  );
}

describe('The state directory', () => {
  it('is made for its owner alone', () => {
    const path = join(folder, 'a', 'b');
    open(path);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(path), []);
  });

  it('is refused when it is a file, a symbolic link or open to others', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    refuses(file, /cannot be used|not a directory/);
    const target = join(folder, 'target');
    mkdirSync(target, { mode: 0o700 });
    symlinkSync(target, join(folder, 'link'));
    refuses(join(folder, 'link'), /not a directory/);
    chmodSync(target, 0o777);
    refuses(target, /written to by others/);
    refuses('/proc/leakwatch', /cannot be used/);
  });

  it('falls back to the next candidate, to the last one with a warning, and to none, when nobody asked for it', () => {
    const [next, last] = [join(folder, 'next'), join(folder, 'last')];
    const opened = (...candidates: string[]) => {
      const logger = createRecordingLogger();
      const state = StateDirectory.open({ candidates, explicit: false }, logger);
      return [state?.path, ...logger.lines.map(({ level, message }) => `${level}: ${message}`)];
    };
    assert.deepEqual(opened('/proc/leakwatch', next, last), [next]);
    const [path, warning] = opened('/proc/leakwatch', last);
    assert.equal(path, last);
    assert.match(warning!, /^warn: .*temporary directory.*stateDir, LEAKWATCH_STATE_DIR/);
    const [none, reason] = opened('/proc/leakwatch');
    assert.equal(none, undefined);
    assert.match(reason!, /^info: .*proc/);
  });

  it('replaces a report as a whole, for its owner alone', () => {
    const state = open(join(folder, 'state'));
    state.write('report-1.json', '{"a":1}');
    state.write('report-1.json', '{"a":2}');
    assert.deepEqual(readdirSync(state.path), ['report-1.json']);
    const file = join(state.path, 'report-1.json');
    assert.equal(readFileSync(file, 'utf8'), '{"a":2}');
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('reads back what it wrote, and nothing that cannot be ours', () => {
    const state = open(join(folder, 'state'));
    assert.equal(state.read('findings-1.json'), null);
    state.write('findings-1.json', '{"a":1}');
    assert.equal(state.read('findings-1.json'), '{"a":1}');
    symlinkSync('/etc/passwd', join(state.path, 'findings-2.json'));
    assert.throws(() => state.read('findings-2.json'), RangeError);
    writeFileSync(join(state.path, 'findings-3.json'), Buffer.alloc(5 * 2 ** 20));
    assert.throws(() => state.read('findings-3.json'), RangeError);
  });

  it('does not write through a link that someone planted', () => {
    const state = open(join(folder, 'state'));
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, join(state.path, 'report-1.json'));
    symlinkSync(victim, join(state.path, `report-1.json.${process.pid}.tmp`));
    state.write('report-1.json', '{}');
    assert.equal(readFileSync(victim, 'utf8'), 'untouched');
  });

  it('keeps findings whatever their age, and only so many of them', () => {
    const state = open(join(folder, 'state'));
    const now = Date.now();
    const day = 24 * 60 * 60 * 1000;
    const written = (name: string, ageMs: number) => {
      writeFileSync(join(state.path, name), '{}');
      utimesSync(join(state.path, name), (now - ageMs) / 1000, (now - ageMs) / 1000);
    };
    written('report-1.json', 400 * day);
    written('findings-1.json', 400 * day);
    assert.equal(state.prune(now), 1);
    assert.deepEqual(readdirSync(state.path), ['findings-1.json']);
    for (let i = 2; i <= 101; i++) written(`findings-${i}.json`, 40 * day);
    assert.equal(state.prune(now), 1);
    assert.equal(state.read('findings-1.json'), null);
    assert.equal(readdirSync(state.path).length, 100);
  });

  it("prunes its own old files by age and by number, and nobody else's", () => {
    const state = open(join(folder, 'state'));
    const now = Date.now();
    const written = (name: string, ageMs: number) => {
      writeFileSync(join(state.path, name), '{}');
      utimesSync(join(state.path, name), (now - ageMs) / 1000, (now - ageMs) / 1000);
    };
    const day = 24 * 60 * 60 * 1000;
    written('report-old.json', 40 * day);
    written('notes.txt', 400 * day);
    for (let i = 0; i < 105; i++) written(`report-${i}.json`, i * 1000);
    assert.equal(state.prune(now), 6);
    const left = readdirSync(state.path);
    assert.equal(left.length, 101);
    assert.ok(
      left.includes('notes.txt') && left.includes('report-0.json') && !left.includes('report-104.json'),
    );
  });
});
