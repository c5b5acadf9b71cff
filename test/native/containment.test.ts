import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { runJob, unavailable } from './forked-job.js';

const folder = mkdtempSync(join(tmpdir(), 'leakwatch-contained-'));
after(() => rmSync(folder, { recursive: true }));

/** What each attempt came to: the code of its error, or `done`. */
async function attemptInChild(
  attempts: Readonly<Record<string, () => unknown>>,
): Promise<Record<string, string>> {
  const { output, words } = await runJob((descriptor) => {
    const results = Object.entries(attempts).map(([name, attempt]) => {
      try {
        attempt();
        return [name, 'done'];
      } catch (error) {
        return [name, (error as NodeJS.ErrnoException).code];
      }
    });
    writeSync(descriptor, JSON.stringify(Object.fromEntries(results)));
  });
  assert.notEqual(output, '', words.message);
  return JSON.parse(output) as Record<string, string>;
}

describe('Code that runs in a forked child by accident', { skip: unavailable }, () => {
  it('cannot change, make or remove a file', async () => {
    const file = join(folder, 'journal');
    writeFileSync(file, 'content', { mode: 0o600 });
    const before = statSync(file);
    const other = join(folder, 'other');
    const results = await attemptInChild({
      unlink: () => unlinkSync(file),
      rename: () => renameSync(file, other),
      link: () => linkSync(file, other),
      symlink: () => symlinkSync(file, other),
      truncate: () => truncateSync(file),
      write: () => writeFileSync(file, 'changed'),
      append: () => appendFileSync(file, 'more'),
      readWrite: () => openSync(file, 'r+'),
      create: () => writeFileSync(other, ''),
      chmod: () => chmodSync(file, 0),
      utimes: () => utimesSync(file, 0, 0),
      mkdir: () => mkdirSync(other),
    });
    assert.deepEqual(new Set(Object.values(results)), new Set(['EPERM']), JSON.stringify(results));
    const later = statSync(file);
    assert.equal(readFileSync(file, 'utf8'), 'content');
    assert.deepEqual([later.mode, later.mtimeMs], [before.mode, before.mtimeMs]);
  });

  it('cannot signal the service, nor start a program', async () => {
    const parent = process.pid;
    const results = await attemptInChild({
      kill: () => process.kill(parent, 'SIGUSR2'),
      ask: () => process.kill(parent, 0),
      spawn: () => execFileSync('true'),
    });
    assert.deepEqual(new Set(Object.values(results)), new Set(['EPERM']), JSON.stringify(results));
  });

  it('may read files, which the child itself needs', async () => {
    assert.deepEqual(await attemptInChild({ read: () => readFileSync('/proc/self/status') }), {
      read: 'done',
    });
  });

  it('cannot write to shared memory, except to the page for its results', async () => {
    // Each child so far has left such a page behind.
    await runJob(() => {});
    const { output } = await runJob((descriptor) => {
      const shared = readFileSync('/proc/self/maps', 'utf8').match(/ rw-s /g) ?? [];
      writeSync(descriptor, String(shared.length));
    });
    assert.equal(output, '1');
  });
});
