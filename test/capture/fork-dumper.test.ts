import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import type { CaptureLevel } from '../../src/capture/capture-record.js';
import { CENSUS_END } from '../../src/capture/child-job.js';
import type { DumpFailure } from '../../src/capture/dump-failure.js';
import { ForkDumper } from '../../src/capture/fork-dumper.js';
import type { DumpOutcome } from '../../src/capture/heap-dumper.js';
import { SAMPLED_MARK } from '../../src/capture/truncation.js';
import { CHILD_EXIT } from '../../src/native/binding.js';
import { keepAlive, systemClock, type Timer } from '../../src/runtime/clock.js';
import { binding, childrenLeft, openDescriptors, unavailable } from '../native/forked-job.js';
import { eventually } from '../support/eventually.js';
import { HurriedClock, type ScriptedChild, ScriptedForks, TestOrder } from './scripted-forks.js';

const MB = 2 ** 20;
const WAITED: ScriptedChild = { end: { exitCode: CHILD_EXIT.waited } };
const CRASHED: ScriptedChild = { end: { exitCode: CHILD_EXIT.signal + 11 } };
const DONE: ScriptedChild = { words: { liveBytes: 40 * MB, peakBytes: 60 * MB } };
const BACK_OFFS = [40, 80, 160, 320, 640];
const CENSUS = [{ className: 'Order', count: 3, bytes: 120 }];

/** A capture keeps no program alive. */
let hold: Timer;
before(() => {
  hold = keepAlive();
});
after(() => hold.cancel());

/** A dumper whose children do what the script says. */
function scripted(...script: ScriptedChild[]) {
  const forks = new ScriptedForks(script);
  const clock = new HurriedClock();
  const test = new TestOrder();
  return { forks, clock, test, dumper: new ForkDumper(forks, clock) };
}

async function dumped(...script: ScriptedChild[]) {
  const bench = scripted(...script);
  const outcome = await bench.dumper.dump(bench.test.order());
  return { ...bench, outcome, failure: failureOf(outcome) };
}

function failureOf(outcome: DumpOutcome): DumpFailure | null {
  return outcome.outcome === 'failure' ? outcome.failure : null;
}

describe('The forked dumper', { skip: unavailable }, () => {
  it('tries again where a child met a thread at work, and waits twice as long each time', async () => {
    const { outcome, forks, clock } = await dumped(WAITED, WAITED, WAITED, DONE);
    assert.deepEqual([outcome.outcome, outcome.retries, forks.forks], ['success', 3, 4]);
    assert.deepEqual(
      clock.delays.filter((delay) => BACK_OFFS.includes(delay)),
      BACK_OFFS.slice(0, 3),
    );
  });

  it('gives up after six children, and says so', async () => {
    const { outcome, failure, forks, clock } = await dumped(...Array<ScriptedChild>(6).fill(WAITED));
    assert.deepEqual(failure, { cause: 'worker-busy' });
    assert.deepEqual([outcome.retries, forks.forks], [5, 6]);
    assert.deepEqual(
      clock.delays.filter((delay) => BACK_OFFS.includes(delay)),
      BACK_OFFS,
    );
  });

  it('tries again after a crash before the first byte, and not after it', async () => {
    const early = await dumped(CRASHED, DONE);
    assert.deepEqual([early.outcome.outcome, early.outcome.retries], ['success', 1]);
    assert.equal(early.test.received.length, 0);
    const late = await dumped({ ...CRASHED, writes: '{"snapshot"' });
    assert.deepEqual(late.failure, { cause: 'child-signal', signal: 11 });
    assert.equal(await late.test.received[0], '{"snapshot"');
    const waited = await dumped({ ...WAITED, writes: '{' });
    assert.deepEqual(waited.failure, { cause: 'worker-busy' });
  });

  it('hands the pipe over to one reader, when a child has begun to write', async () => {
    const { test, outcome } = await dumped(WAITED, { ...DONE, writes: '{}' });
    assert.equal(outcome.outcome, 'success');
    assert.deepEqual(await Promise.all(test.received), ['{}']);
  });

  for (const [what, child, failure] of [
    [
      'threw',
      { end: { exitCode: CHILD_EXIT.threw }, words: { message: 'Error: ENOSPC' } },
      { cause: 'child-threw', message: 'Error: ENOSPC' },
    ],
    [
      'came to its allotment',
      { end: { exitCode: CHILD_EXIT.memory }, words: { peakBytes: 70 * MB } },
      { cause: 'child-memory', peakBytes: 70 * MB },
    ],
    ['came to its time limit', { end: { exitCode: CHILD_EXIT.time } }, { cause: 'child-time' }],
    ['was killed by the kernel', { end: { exitCode: -1, signal: 9 } }, { cause: 'child-signal', signal: 9 }],
    [
      'could not let go of what it inherited',
      { end: { exitCode: CHILD_EXIT.unable } },
      { cause: 'child-inheritance' },
    ],
    [
      'lost its reader',
      { ...DONE, end: { exitCode: -1, signal: 13 }, writes: '{' },
      { cause: 'reader-gone' },
    ],
    [
      'could not be forked',
      { refused: 'EAGAIN' },
      { cause: 'error', code: 'EAGAIN', message: 'fork: refused' },
    ],
  ] satisfies [string, ScriptedChild, DumpFailure][]) {
    it(`fails with its cause, and at once, where a child ${what}`, async () => {
      const { failure: found, forks } = await dumped(child);
      assert.deepEqual(found, failure);
      assert.equal(forks.forks, 1);
    });
  }

  it('waits for its turn where another thread is forking', async () => {
    const { outcome, forks } = await dumped({ refused: 'EBUSY' }, { refused: 'EBUSY' }, DONE);
    assert.deepEqual([outcome.outcome, outcome.retries, forks.forks], ['success', 0, 3]);
    const busy = await dumped(...Array<ScriptedChild>(6).fill({ refused: 'EBUSY' }));
    assert.deepEqual(
      [busy.failure, busy.forks.forks],
      [{ cause: 'error', code: 'EBUSY', message: 'fork: refused' }, 6],
    );
  });

  it('takes a child whose end somebody else has taken by what it told before', async () => {
    const told = await dumped({ ...DONE, end: 'lost' });
    assert.equal(told.outcome.outcome, 'success');
    assert.deepEqual((await dumped({ end: 'lost' })).failure, { cause: 'end-lost' });
  });

  it('adds up what the children cost, and tells the longest pause and the highest peak', async () => {
    const { outcome } = await dumped(
      { ...WAITED, blockedMs: 30, words: { peakBytes: 80 * MB } },
      { ...DONE, blockedMs: 7, end: { cpuSeconds: 2.5 } },
    );
    assert.deepEqual(outcome, {
      outcome: 'success',
      pauseMs: 30,
      peakBytes: 80 * MB,
      cpuSeconds: 3.5,
      retries: 1,
      graph: { writer: 'v8', refusal: null },
      liveBytes: 40 * MB,
      census: null,
    });
  });

  it('reads a census, whole and well-formed or not at all', async () => {
    const census = async (writes: string) => {
      const { dumper, test } = scripted({ ...DONE, writes });
      return await dumper.dump(test.order({ level: 'census' }));
    };
    const whole = await census(JSON.stringify({ classes: CENSUS }) + CENSUS_END);
    assert.deepEqual(whole.outcome === 'success' && whole.census, CENSUS);
    for (const broken of [
      JSON.stringify({ classes: CENSUS }),
      `{"classes":[${CENSUS_END}`,
      `{}${CENSUS_END}`,
      `{"classes":[{"className":1,"count":2,"bytes":3}]}${CENSUS_END}`,
      `null${CENSUS_END}`,
    ])
      assert.deepEqual(failureOf(await census(broken)), { cause: 'census-unreadable' }, broken);
  });

  it('has no levels but those that this Node has the symbols for', () => {
    assert.deepEqual(new ForkDumper(new ScriptedForks([], 'v8dbg_x'), systemClock).levels, ['probe', 'full']);
  });
});

describe('A capture that must not go on', { skip: unavailable }, () => {
  it('does not even begin where the analysis leaves it no memory', async () => {
    const { dumper, test, forks } = scripted();
    const outcome = await dumper.dump(test.order({ concurrentBytes: 2 ** 50 }));
    const failure = failureOf(outcome);
    assert.ok(failure?.cause === 'no-memory-headroom');
    assert.equal(failure.concurrentBytes, 2 ** 50);
    assert.equal(forks.forks, 0);
  });

  it('is killed by the governor where it takes too long', async () => {
    const { dumper, test, forks } = scripted({ end: 'none' });
    const failure = failureOf(await dumper.dump(test.order({ timeoutMs: 500 })));
    assert.ok(failure?.cause === 'too-long');
    assert.deepEqual([failure.limit, failure.limitMs], ['run', 500]);
    assert.equal(forks.left, 0);
  });

  it('does not wait for ever for a thread of the pool', async () => {
    const { dumper, test, forks } = scripted();
    forks.scans = () => new Promise(() => {});
    assert.deepEqual(failureOf(await dumper.dump(test.order())), { cause: 'pool-busy', waitedMs: 10_000 });
  });

  it('may be called off while it scans, while a child runs and while it waits for another try', async () => {
    const scanning = scripted();
    const dumper = new ForkDumper(scanning.forks, { ...systemClock });
    scanning.forks.scans = () => new Promise(() => {});
    const scan = dumper.dump(scanning.test.order());
    scanning.test.abort.abort(new Error('called off'));
    assert.deepEqual(failureOf(await scan), { cause: 'stopped' });

    const running = scripted({ end: 'none' });
    const run = running.dumper.dump(running.test.order());
    await eventually('a child runs', () => running.forks.left === 1);
    running.test.abort.abort();
    assert.deepEqual(failureOf(await run), { cause: 'stopped' });
    assert.equal(running.forks.left, 0);

    const waiting = scripted(WAITED);
    const stuck = {
      ...systemClock,
      after: (ms: number, then: () => void) => systemClock.after(ms === 40 ? 1e9 : 1, then),
    };
    const wait = new ForkDumper(waiting.forks, stuck).dump(waiting.test.order());
    await eventually(
      'the child has been waited for',
      () => waiting.forks.forks === 1 && waiting.forks.left === 0,
    );
    await new Promise(setImmediate);
    waiting.test.abort.abort(new Error('called off'));
    assert.deepEqual(failureOf(await wait), { cause: 'stopped' });
    assert.equal(waiting.forks.forks, 1);
  });

  it('leaves no descriptor open, whatever becomes of it', async () => {
    const before = openDescriptors();
    for (const child of [
      DONE,
      { ...DONE, writes: '{}' },
      { ...CRASHED, writes: '{' },
      { refused: 'EAGAIN' },
    ]) {
      const { test } = await dumped(child);
      await Promise.all(test.received);
    }
    await dumped(WAITED, CRASHED, DONE);
    const { dumper, test } = scripted({ end: 'none', writes: 'x' });
    await dumper.dump(test.order({ timeoutMs: 100 }));
    await Promise.all(test.received);
    await eventually('as many descriptors as before', () => openDescriptors() === before);
  });
});

describe('What a forked dumper learns', { skip: unavailable }, () => {
  const predict = ({ dumper }: { dumper: ForkDumper }) => dumper.predict('sampled', 40 * MB);

  it('is the memory and the CPU of a child that succeeded', async () => {
    const guess = predict(scripted());
    const after = predict(await dumped({ ...DONE, end: { cpuSeconds: 0.1 } }));
    assert.ok(after.memoryBytes > 60 * MB && after.memoryBytes < 100 * MB, `${after.memoryBytes}`);
    assert.ok(after.cpuSeconds < guess.cpuSeconds && after.cpuSeconds >= 0.09, `${after.cpuSeconds}`);
  });

  it('is the pause alone of a child that was unlucky, however far it came', async () => {
    const guess = predict(scripted());
    const unlucky = {
      ...WAITED,
      words: { liveBytes: 40 * MB, peakBytes: MB },
      end: { exitCode: 101, cpuSeconds: 0 },
    };
    const after = predict(await dumped(...Array<ScriptedChild>(6).fill({ ...unlucky, blockedMs: 1000 })));
    assert.deepEqual([after.memoryBytes, after.cpuSeconds], [guess.memoryBytes, guess.cpuSeconds]);
    assert.ok(after.pauseMs > 500, `${after.pauseMs}`);
  });

  it('is at least what a child took that was ended at its limits', async () => {
    const after = predict(
      await dumped({
        end: { exitCode: CHILD_EXIT.memory, cpuSeconds: 50 },
        words: { liveBytes: 40 * MB, peakBytes: 900 * MB },
      }),
    );
    assert.ok(after.memoryBytes > 900 * MB && after.cpuSeconds > 50);
    const guess = predict(scripted());
    const little = predict(
      await dumped({ end: { exitCode: CHILD_EXIT.time, cpuSeconds: 0 }, words: { liveBytes: 40 * MB } }),
    );
    assert.ok(little.memoryBytes >= guess.memoryBytes && little.cpuSeconds >= guess.cpuSeconds);
  });
});

class Parcel {
  readonly weight: number;
  constructor(weight: number) {
    this.weight = weight;
  }
}

describe('The forked dumper of this process', { skip: unavailable }, () => {
  const parcels = Array.from({ length: 50_000 }, (_, index) => new Parcel(index));

  async function capture(
    level: CaptureLevel,
  ): Promise<{ outcome: DumpOutcome & { outcome: 'success' }; text: string }> {
    const test = new TestOrder();
    const outcome = await new ForkDumper(binding(), systemClock).dump(test.order({ level }));
    assert.ok(outcome.outcome === 'success', JSON.stringify(outcome));
    const [text = ''] = await Promise.all(test.received);
    assert.equal(test.pauses.length, outcome.retries + 1);
    return { outcome, text };
  }

  function usedWithGarbage(): number {
    const garbage = Array.from({ length: 500_000 }, (_, index) => ({ index }));
    return garbage.length > 0 ? getHeapStatistics().used_heap_size : 0;
  }

  it('tells the live heap at every level, without the garbage', async () => {
    for (const level of ['census', 'sampled', 'full'] as const) {
      const used = usedWithGarbage();
      const probed = (await capture('probe')).outcome.liveBytes;
      const { liveBytes, pauseMs, peakBytes, cpuSeconds } = (await capture(level)).outcome;
      assert.ok(probed > MB && probed < used - 10 * MB, `${probed} of ${used}`);
      assert.ok(
        Math.abs(liveBytes - probed) < probed / 10,
        `${level}: ${liveBytes}, and the probe ${probed}`,
      );
      assert.ok(pauseMs > 0 && peakBytes > 0 && cpuSeconds > 0, level);
    }
  });

  it('counts the objects of a class exactly', async () => {
    const { outcome, text } = await capture('census');
    const row = outcome.census?.find(({ className }) => className === 'Parcel');
    assert.equal(row?.count, parcels.length);
    assert.ok(row.bytes >= 24 * parcels.length, `${row.bytes}`);
    assert.equal(text, '');
  });

  it('writes a snapshot, of the sample or of everything', async () => {
    const count = (text: string) => {
      const { nodes, snapshot } = JSON.parse(text) as {
        nodes: number[];
        snapshot: { meta: { node_fields: string[] } };
      };
      return nodes.length / snapshot.meta.node_fields.length;
    };
    const { text: sampled } = await capture('sampled');
    const { text: full } = await capture('full');
    assert.ok(count(full) - count(sampled) > 45_000, `${count(full)} and ${count(sampled)} nodes`);
    assert.ok(sampled.includes(SAMPLED_MARK) && sampled.includes(`"500/${parcels.length}"`));
    assert.ok(!full.includes(`"500/${parcels.length}"`));
    assert.equal(parcels.length, 50_000, 'it is the child whose collections were cut');
  });

  it('leaves no child behind', () => {
    assert.deepEqual(childrenLeft(), []);
  });
});
