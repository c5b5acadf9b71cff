import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import {
  type CopyEnd,
  type CopyJob,
  type CopyJobsParts,
  ForkedCopyJobs,
} from '../../src/capture/copy-jobs.js';
import { loadBinding } from '../../src/native/binding.js';
import { systemClock } from '../../src/runtime/clock.js';

const skip = loadBinding().reason ?? false;

const job = (run: () => string, changes: Partial<CopyJob> = {}): CopyJob => ({
  run,
  limitMs: 20_000,
  mostBytes: 128e6,
  mostCharacters: 1e6,
  ...changes,
});

const jobs = (changes: Partial<CopyJobsParts> = {}): ForkedCopyJobs =>
  new ForkedCopyJobs({
    clock: systemClock,
    pauseBudgetMs: 60_000,
    usedBytes: () => 10e6,
    paused: () => {},
    ...changes,
  });

function resultOf(end: CopyEnd): string {
  assert.ok(end.ended === 'result', JSON.stringify(end));
  return end.text;
}

function causeOf(end: CopyEnd): string {
  assert.ok(end.ended === 'failure', JSON.stringify(end));
  return end.failure.cause;
}

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}

describe('A job in a copy of the process', { skip }, () => {
  it('sends its result, and changes nothing here', async () => {
    const state = { changed: false };
    const run = () => {
      state.changed = true;
      return JSON.stringify(state) + 'x'.repeat(200_000);
    };
    assert.ok(resultOf(await jobs().run(job(run))).startsWith('{"changed":true}x'));
    assert.equal(state.changed, false);
  });

  it('can open no file and no connection, send no signal and start no program', async () => {
    const { spawnSync } = await import('node:child_process');
    const parent = process.pid;
    const path = process.execPath;
    const run = () =>
      JSON.stringify([
        codeOf(() => readFileSync(path)),
        codeOf(() => writeFileSync(`${path}.planted`, 'planted')),
        codeOf(() => process.kill(parent, 'SIGTERM')),
        (spawnSync(path, ['-v']).error as NodeJS.ErrnoException | undefined)?.code ?? 'done',
        codeOf(() => createConnection(1)),
      ]);
    const [read, written, signalled, started] = JSON.parse(resultOf(await jobs().run(job(run)))) as string[];
    assert.deepEqual([read, written, signalled], ['EPERM', 'EPERM', 'EPERM']);
    assert.notEqual(started, 'done');
  });

  it('ends only its copy', async () => {
    // Node's own end may wait for its threads, which a copy does not have.
    assert.equal((await jobs().run(job(() => process.exit(0)))).ended, 'failure');
    assert.equal(causeOf(await jobs().run(job(() => process.abort()))), 'child-signal');
    const threw = await jobs().run(
      job(() => {
        throw new Error('planted');
      }),
    );
    assert.equal(causeOf(threw), 'child-threw');
  });

  it('is ended when it takes too long, too much memory, or writes too much', async () => {
    const forever = () => {
      for (;;);
    };
    assert.equal(causeOf(await jobs().run(job(forever, { limitMs: 50 }))), 'too-long');
    const hoarding = () => {
      const held: unknown[] = [];
      for (;;) held.push(new Array(1e6).fill(1));
    };
    const cause = causeOf(await jobs().run(job(hoarding)));
    assert.ok(['child-memory', 'over-allotment'].includes(cause), cause);
    const long = await jobs().run(job(() => 'x'.repeat(500_000), { mostCharacters: 1000 }));
    assert.equal(causeOf(long), 'reader-gone');
  });

  it('says how long its fork stopped the process', async () => {
    const pauses: number[] = [];
    const paused = (fromMs: number, toMs: number) => void pauses.push(toMs - fromMs);
    const end = await jobs({ paused }).run(job(() => ''));
    assert.ok(end.ended === 'result' && end.pausedMs > 0);
    assert.ok(pauses.length >= 1 && pauses.every((ms) => ms > 0));
  });
});

describe('A copy of the process is not made', () => {
  const never = job(() => assert.fail('it ran'));
  for (const [why, changes, cause] of [
    ['without the addon', { load: () => ({ binding: null, reason: 'none' }) }, 'no-addon'],
    ['while a capture runs', { capturing: () => true }, 'capturing'],
    ['if that would stop the process for too long', { pauseBudgetMs: 100, usedBytes: () => 2e9 }, 'pause'],
  ] as const) {
    it(why, { skip: cause === 'no-addon' ? false : skip }, async () => {
      const end = await jobs(changes).run(never);
      assert.ok(end.ended === 'refused' && end.why.cause === cause);
    });
  }
});
