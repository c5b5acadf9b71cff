import assert from 'node:assert/strict';
import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTestGroup } from '../support/control-group.js';
import type { Capture } from './captures.js';
import { reportOf, root, unavailable, withService } from './service.js';

interface RefusedReport {
  readonly attempts: readonly Capture[];
  readonly left: readonly string[];
}

const UNSHARE = 'unshare';
const FILTER = join(root, 'test', 'survival', 'refuse-fork.py');

/** `message`: of the system's own error. */
function assertRefused({ attempts, left }: RefusedReport, message: RegExp): void {
  assert.equal(attempts.length, 4);
  for (const { failure } of attempts) {
    assert.ok(failure?.cause === 'error', JSON.stringify(failure));
    assert.match(failure.message, message);
  }
  assert.deepEqual(left, []);
}

/** Starts programs through another; the reason why not where a first try fails. */
function through(program: string, args: readonly string[]): string | null {
  const tried = spawnSync(program, [...args, process.execPath, '--version'], { encoding: 'utf8' });
  if (tried.status === 0) return null;
  return `${program} does not do here: ${tried.error?.message ?? tried.stderr}`;
}

describe('A capture is a failure with a reason, and the service goes on, where', {
  skip: unavailable,
}, () => {
  for (const [name, number] of [
    ['EAGAIN', constants.errno.EAGAIN],
    ['ENOMEM', constants.errno.ENOMEM],
    ['EPERM', constants.errno.EPERM],
  ] as const) {
    it(`fork answers ${name} (a filter of seccomp)`, async (context) => {
      const args = [FILTER, String(number)];
      const lack = through('python3', args);
      if (lack !== null) {
        context.skip(lack);
        return;
      }
      const start = (program: string, own: readonly string[], options: SpawnOptions) =>
        spawn('python3', [...args, program, ...own], options);
      const reason = { EAGAIN: /temporarily unavailable/, ENOMEM: /allocate memory/, EPERM: /not permitted/ }[
        name
      ];
      assertRefused(await reportOf<RefusedReport>('refused-service', { start }), reason);
    });
  }

  it('no more processes are allowed', async (context) => {
    const { group, reason } = createTestGroup({ processes: 100 });
    if (group === null) {
      context.skip(reason);
      return;
    }
    try {
      const start = (program: string, args: readonly string[], options: SpawnOptions) =>
        group.spawn(program, args, options);
      await withService('refused-service', { args: ['--first'], start }, async (service) => {
        const { first } = await service.said<{ first: Capture }>('first');
        assert.equal(first.outcome, 'success', JSON.stringify(first));
        group.write('pids.max', '1');
        service.tell('again');
        assertRefused(await service.report<RefusedReport>(), /fork: Resource temporarily unavailable/);
      });
    } finally {
      await group.destroy();
    }
  });

  it('no memory is left', async () => {
    const { attempts, left } = await reportOf<RefusedReport>('refused-service', { args: ['--no-memory'] });
    assert.deepEqual(
      attempts.map(({ failure }) => failure?.cause),
      Array.from({ length: 4 }, () => 'no-memory-headroom'),
    );
    assert.deepEqual(left, []);
  });

  it('/proc is not there', async (context) => {
    const hide = ['--mount', 'sh', '-c', 'mount -t tmpfs none /proc && exec "$0" "$@"'];
    const lack = through(UNSHARE, hide);
    if (lack !== null) {
      context.skip(lack);
      return;
    }
    const start = (program: string, args: readonly string[], options: SpawnOptions) =>
      spawn(UNSHARE, [...hide, program, ...args], options);
    assertRefused(
      await reportOf<RefusedReport>('refused-service', { start }),
      /smaps: No such file or directory/,
    );
  });

  it('descriptors run out, of which none is lost', async () => {
    const start = (program: string, args: readonly string[], options: SpawnOptions) =>
      spawn('/bin/sh', ['-c', 'ulimit -n 100 && exec "$0" "$@"', program, ...args], options);
    const report = await reportOf<RefusedReport & { leaked: readonly number[]; afterwards: Capture }>(
      'refused-service',
      { args: ['--few-descriptors'], start },
    );
    const [first] = report.attempts;
    assert.ok(first?.failure?.cause === 'error', JSON.stringify(first));
    assert.match(first.failure.message, /too many open files/i);
    assert.equal(report.attempts.at(-1)?.outcome, 'success', JSON.stringify(report.attempts));
    for (const each of report.attempts) assert.equal(each.failure === null, each.outcome === 'success');
    assert.deepEqual(report.leaked, [0]);
    assert.equal(report.afterwards.outcome, 'success', JSON.stringify(report.afterwards));
    assert.deepEqual(report.left, []);
  });
});
