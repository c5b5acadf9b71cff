import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CHILD_EXIT } from '../../src/native/binding.js';
import { eventually } from '../support/eventually.js';
import { runService, SERVICE, unavailable } from './forked-job.js';

describe('A service that forks', { skip: unavailable }, () => {
  let cwd = '';
  before(() => {
    cwd = mkdtempSync(join(tmpdir(), 'leakwatch-native-'));
  });
  after(() => rmSync(cwd, { recursive: true }));

  it('gets no core file from a child that crashes', async () => {
    assert.deepEqual(await runService('child crashes', { cwd }), {
      exitCode: CHILD_EXIT.signal + 6,
      files: [],
    });
  });

  it('gets no report or snapshot from a child whose heap is full, though it has enabled both for itself', async () => {
    const flags = ['--max-old-space-size=40', '--report-on-fatalerror', '--heapsnapshot-near-heap-limit=2'];
    assert.deepEqual(await runService('child runs out of heap', { cwd, flags }), {
      crashed: true,
      files: [],
    });
  });

  it('may be near its heap limit, which is higher in the child', async () => {
    const flags = ['--max-old-space-size=40'];
    assert.equal(await runService('child needs more heap than is left', { flags }), CHILD_EXIT.done);
  });

  it('takes its child along when it is killed', async () => {
    const service = spawn(process.execPath, [SERVICE, 'child goes on'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(service.stdout, 'data')) as [Buffer];
    const child = Number(line.toString());
    assert.equal(stateOf(child), 'R');
    service.kill('SIGKILL');
    await eventually('the child ends', () => ['gone', 'Z'].includes(stateOf(child)));
  });

  it('can fork after dropping its privileges, and gets EAGAIN at its process limit', async () => {
    assert.deepEqual(await runService('processes are limited'), {
      first: 'forked',
      refused: 'EAGAIN',
      kept: true,
    });
  });

  it('may load, between two forks, an addon that queues work on the thread pool in every GC', {
    skip: withoutMemwatch(),
  }, async () => {
    assert.deepEqual(await runService('an addon comes later'), [CHILD_EXIT.done, CHILD_EXIT.done]);
  });

  it('may have an inspector that tracks allocations and profiles', async () => {
    assert.deepEqual(await runService('an inspector is attached'), {
      exitCode: CHILD_EXIT.done,
      complete: true,
      profiled: true,
    });
  });

  it('may be busy with its thread pool, with processes of its own and with garbage', async () => {
    assert.deepEqual(
      await runService('everything is busy'),
      Array.from({ length: 25 }, () => CHILD_EXIT.done),
    );
  });

  it('may listen for the end of its own children', async () => {
    assert.deepEqual(await runService('it listens for SIGCHLD'), [CHILD_EXIT.done, CHILD_EXIT.done, 0]);
  });
});

function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.[0] ?? '';
  } catch {
    return 'gone';
  }
}

/** It is compiled for one version of Node. */
function withoutMemwatch(): string | false {
  try {
    createRequire(import.meta.url)('@airbnb/node-memwatch');
    return false;
  } catch {
    return '@airbnb/node-memwatch is not installed for this Node';
  }
}
