import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import type { Capture } from './captures.js';
import { isAlive, reportOf, type Service, stateOf, unavailable, withService } from './service.js';

interface HeldReport {
  readonly ended: Capture;
  readonly afterwards: readonly Capture[];
  readonly left: readonly string[];
}

async function held<T>(
  scenario: string,
  work: (service: Service, childPid: number) => Promise<T>,
): Promise<T> {
  return await withService('held-service', { args: [scenario] }, async (service) => {
    const { holding } = await service.said<{ holding: number }>('holding');
    return await work(service, holding);
  });
}

async function gone(pid: number): Promise<void> {
  await eventually(`the child ${pid} is gone`, () => !isAlive(pid));
}

function assertGoesOn({ afterwards, left }: Pick<HeldReport, 'afterwards' | 'left'>): void {
  assert.deepEqual(left, []);
  const latest = afterwards.at(-1);
  assert.equal(latest?.outcome, 'success', JSON.stringify(afterwards));
  assert.ok(latest.whole);
}

describe('The child of a capture dies with the service', { skip: unavailable }, () => {
  it('that is killed', async () => {
    await held('wait', async (service, childPid) => {
      assert.ok(isAlive(childPid));
      service.child.kill('SIGKILL');
      await gone(childPid);
    });
  });

  it('that is killed while its governor has the child stopped', async () => {
    await held('wait', async (service, childPid) => {
      process.kill(childPid, 'SIGSTOP');
      await eventually('the child is stopped', () => stateOf(childPid) === 'T');
      service.child.kill('SIGKILL');
      await gone(childPid);
    });
  });

  it('that gets SIGTERM, and ends as if there were no capture', async () => {
    await held('wait', async (service, childPid) => {
      service.child.kill('SIGTERM');
      assert.deepEqual(await service.ended(), [null, 'SIGTERM']);
      await gone(childPid);
    });
  });

  it('that calls process.exit(), whose code stays', async () => {
    await held('exit', async (service, childPid) => {
      assert.deepEqual(await service.ended(), [3, null]);
      await gone(childPid);
    });
  });

  it('that has nothing left to do: a capture keeps no program alive', async () => {
    await held('end', async (service, childPid) => {
      assert.deepEqual(await service.ended(), [0, null]);
      await gone(childPid);
    });
  });
});

describe('The child of a capture in a worker dies with it, and leaves no zombie, when the worker', {
  skip: unavailable,
}, () => {
  for (const [scenario, words] of [
    ['thread:wait', 'is terminated'],
    ['thread:exit', 'calls process.exit()'],
    ['thread:end', 'has nothing left to do'],
  ] as const) {
    it(words, async () => {
      await held(scenario, async (service, childPid) => {
        await gone(childPid);
        assertGoesOn(await service.report<HeldReport>());
      });
    });
  }
});

describe('A service whose capture ends early goes on and captures again', {
  skip: unavailable,
}, () => {
  it('when the child is killed', async () => {
    await held('wait', async (service, childPid) => {
      process.kill(childPid, 'SIGKILL');
      const report = await service.report<HeldReport>();
      assert.equal(report.ended.outcome, 'failure');
      assert.deepEqual(report.ended.failure, { cause: 'child-signal', signal: 9 });
      assertGoesOn(report);
    });
  });

  it('when the child crashes', async () => {
    await held('wait', async (service, childPid) => {
      process.kill(childPid, 'SIGSEGV');
      const report = await service.report<HeldReport>();
      assert.equal(report.ended.outcome, 'failure');
      assert.deepEqual(report.ended.failure, { cause: 'child-signal', signal: 11 });
      assertGoesOn(report);
    });
  });

  it('when the watcher is stopped', async () => {
    const report = await reportOf<HeldReport>('held-service', { args: ['stop'] });
    assert.equal(report.ended.outcome, 'failure');
    assert.deepEqual(report.ended.failure, { cause: 'stopped' });
    assertGoesOn(report);
  });

  it('when the reader of the snapshot is gone', async () => {
    const report = await reportOf<HeldReport>('held-service', { args: ['reader-dies'] });
    assert.equal(report.ended.outcome, 'failure', JSON.stringify(report.ended));
    assertGoesOn(report);
  });
});
