import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ChildOrder, runForkedChild } from '../../src/capture/forked-child.js';
import { CHILD_EXIT, type Mappings } from '../../src/native/binding.js';
import { keepAlive, systemClock, type Timer } from '../../src/runtime/clock.js';
import { binding, childrenLeft, openDescriptors, unavailable } from '../native/forked-job.js';
import { HurriedClock, NO_GRAPH, type ScriptedChild, ScriptedForks } from './scripted-forks.js';

let hold: Timer;
before(() => {
  hold = keepAlive();
});
after(() => hold.cancel());

function order(forks: ScriptedForks, changes: Partial<ChildOrder> = {}): ChildOrder {
  return {
    binding: forks,
    clock: new HurriedClock(),
    mappings: {} as Mappings,
    job: () => () => assert.fail('this is the parent'),
    concurrentBytes: 0,
    niceness: 19,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    paused: () => {},
    output: (readFd) => forks.close(readFd),
    ...changes,
  };
}

async function run(child: ScriptedChild, changes: Partial<ChildOrder> = {}) {
  const forks = new ScriptedForks([child]);
  const run = await runForkedChild(order(forks, changes));
  assert.equal(forks.left, 0);
  return run;
}

describe('A forked child', { skip: unavailable }, () => {
  it('is told with its end, its words, the pause it cost and whether it wrote', async () => {
    const words = { peakBytes: 7, liveBytes: 5, message: 'm', graph: NO_GRAPH };
    const silent = await run({ words, blockedMs: 12, end: { exitCode: CHILD_EXIT.threw, cpuSeconds: 2 } });
    const { end, blockedMs, wrote } = silent;
    assert.deepEqual(
      [end, silent.words, blockedMs, wrote],
      [{ exitCode: CHILD_EXIT.threw, signal: 0, cpuSeconds: 2 }, words, 12, false],
    );
    assert.equal((await run({ writes: 'x' })).wrote, true);
  });

  it('has no end where somebody else in the process took it', async () => {
    assert.equal((await run({ end: 'lost' })).end, null);
  });

  it('hands its output over once, however much it says', async () => {
    const forks = new ScriptedForks([{ writes: 'x'.repeat(10_000) }]);
    const handed: number[] = [];
    const output = (readFd: number) => {
      handed.push(forks.waiting(readFd));
      forks.close(readFd);
    };
    await runForkedChild(order(forks, { output }));
    assert.deepEqual(handed, [10_000]);
  });

  it('tells of the pause before it tells anything else', async () => {
    const told: string[] = [];
    const forks = new ScriptedForks([{ writes: 'x' }]);
    await runForkedChild(
      order(forks, {
        paused: (fromMs, toMs) => void told.push(fromMs <= toMs ? 'paused' : 'backwards'),
        output: (readFd) => {
          forks.close(readFd);
          told.push('output');
        },
      }),
    );
    assert.deepEqual(told, ['paused', 'output']);
  });

  it('is killed when it is called off', async () => {
    const abort = new AbortController();
    const running = run({ end: 'none' }, { signal: abort.signal });
    abort.abort();
    assert.equal((await running).end?.signal, 9);
  });

  it('leaves no descriptor where it could not be forked', async () => {
    const before = openDescriptors();
    const forks = new ScriptedForks([{ refused: 'ENOMEM' }]);
    await assert.rejects(runForkedChild(order(forks)), { code: 'ENOMEM' });
    assert.equal(openDescriptors(), before);
  });

  it('of this process is killed and waited for, too, however busy it is', async () => {
    const descriptors = openDescriptors();
    const abort = new AbortController();
    const changes: Partial<ChildOrder> = {
      binding: binding(),
      clock: systemClock,
      mappings: await binding().scan(),
      job: () => () => {
        for (;;);
      },
      signal: abort.signal,
    };
    const running = runForkedChild({ ...order(new ScriptedForks([])), ...changes });
    abort.abort();
    assert.equal((await running).end?.signal, 9);
    assert.deepEqual(childrenLeft(), []);
    assert.equal(openDescriptors(), descriptors);
  });
});
