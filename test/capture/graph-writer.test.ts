import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ForkDumper } from '../../src/capture/fork-dumper.js';
import type { GraphSource } from '../../src/capture/graph-source.js';
import type { DumpOutcome } from '../../src/capture/heap-dumper.js';
import { CHILD_EXIT, GRAPH_PROBLEMS, type GraphProblem } from '../../src/native/binding.js';
import { keepAlive, systemClock, type Timer } from '../../src/runtime/clock.js';
import { unavailable } from '../native/forked-job.js';
import { HurriedClock, NO_GRAPH, type ScriptedChild, ScriptedForks, TestOrder } from './scripted-forks.js';

const MB = 2 ** 20;
const SEGV = 11;
const NATIVE: ScriptedChild = {
  words: { liveBytes: 40 * MB, graph: { ...NO_GRAPH, problem: 1, v8Roots: 1 } },
};
const BY_V8: ScriptedChild = { words: { liveBytes: 40 * MB } };
const CRASHED: ScriptedChild = { end: { exitCode: CHILD_EXIT.signal + SEGV } };

const gaveUp = (problem: GraphProblem): ScriptedChild => ({
  end: { exitCode: CHILD_EXIT.graph },
  words: {
    graph: { ...NO_GRAPH, problem: GRAPH_PROBLEMS.indexOf(problem), found: 30 * MB, expected: 40 * MB },
  },
});
const refusal = (problem: GraphProblem) =>
  ({ cause: 'graph-check', problem, found: 30 * MB, expected: 40 * MB }) as const;

/** A capture keeps no program alive. */
let hold: Timer;
before(() => {
  hold = keepAlive();
});
after(() => hold.cancel());

/** Takes full graphs in turn with one dumper, whose children do what the script says. */
function dumperOf(...script: ScriptedChild[]) {
  const forks = new ScriptedForks(script);
  const dumper = new ForkDumper(forks, new HurriedClock());
  const dump = (changes: { readonly heapBytes?: number } = {}): Promise<DumpOutcome> =>
    dumper.dump(new TestOrder().order({ level: 'full', heapBytes: MB, ...changes }));
  return { forks, dumper, dump };
}

const sourceOf = ({ outcome, graph }: DumpOutcome): [DumpOutcome['outcome'], GraphSource | null] => [
  outcome,
  graph,
];

describe('A full graph', { skip: unavailable }, () => {
  it('is written natively, and its record says which roots it has', async () => {
    const { dump } = dumperOf(NATIVE, { words: { liveBytes: MB, graph: { ...NO_GRAPH, problem: 1 } } });
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'native', roots: 'v8' }]);
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'native', roots: 'javascript' }]);
  });

  it('is written by V8 where this Node.js lacks a symbol', async () => {
    const { dump, forks } = dumperOf(BY_V8);
    forks.missingGraph = 'v8dbg_x';
    const refusal = { cause: 'not-exported', symbol: 'v8dbg_x' } as const;
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'v8', refusal }]);
  });

  it('is written by V8 in a second child where a check failed, and from then on at once', async () => {
    const { dump, forks } = dumperOf(gaveUp('sum'), BY_V8, BY_V8);
    const expected = ['success', { writer: 'v8', refusal: refusal('sum') }];
    const first = await dump();
    assert.deepEqual([sourceOf(first), first.retries, forks.forks], [expected, 1, 2]);
    const second = await dump();
    assert.deepEqual([sourceOf(second), second.retries, forks.forks], [expected, 0, 3]);
  });

  it('is tried natively again where the child only had no memory', async () => {
    const { dump } = dumperOf(gaveUp('memory'), BY_V8, NATIVE);
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'v8', refusal: refusal('memory') }]);
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'native', roots: 'v8' }]);
  });

  it('is written by V8 where the native writer crashed, and natively the next time', async () => {
    const { dump } = dumperOf(CRASHED, BY_V8, NATIVE);
    const refusal = { cause: 'graph-crash', signal: SEGV } as const;
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'v8', refusal }]);
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'native', roots: 'v8' }]);
  });

  it('is written by V8 where the program has taken away what the native writer needs', async () => {
    const message = 'WeakRef is not a constructor';
    const { dump } = dumperOf({ end: { exitCode: CHILD_EXIT.threw }, words: { message } }, BY_V8);
    const refusal = { cause: 'graph-threw', message } as const;
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'v8', refusal }]);
  });

  it('is written by V8 for good after three crashes in a row', async () => {
    const { dump, forks } = dumperOf(CRASHED, BY_V8, CRASHED, BY_V8, CRASHED, BY_V8, BY_V8);
    for (let times = 0; times < 3; times++) assert.equal((await dump()).retries, 1);
    const refusal = { cause: 'graph-crash', signal: SEGV } as const;
    assert.deepEqual(sourceOf(await dump()), ['success', { writer: 'v8', refusal }]);
    assert.equal(forks.forks, 7);
  });

  it('does not wait for ever until the native writer is prepared, and may be called off meanwhile', async () => {
    const { dump, forks } = dumperOf();
    forks.prepares = () => new Promise(() => {});
    const outcome = await dump();
    const failure = outcome.outcome === 'failure' && outcome.failure;
    assert.deepEqual(failure, { cause: 'pool-busy', waitedMs: 10_000 });
    const test = new TestOrder();
    const patient = new ForkDumper(forks, systemClock);
    const called = patient.dump(test.order({ level: 'full', heapBytes: MB }));
    test.abort.abort();
    const off = await called;
    assert.deepEqual(off.outcome === 'failure' && off.failure, { cause: 'stopped' });
  });

  it('fails where V8 would not have the memory to take over', async () => {
    const { dump, forks } = dumperOf(gaveUp('names'));
    const outcome = await dump({ heapBytes: 2 ** 45 });
    assert.deepEqual(outcome.outcome === 'failure' && outcome.failure, refusal('names'));
    assert.equal(forks.forks, 1);
  });

  it('fails where a part of it has been read already', async () => {
    const { dump, forks } = dumperOf({ ...gaveUp('counts'), writes: '{"snapshot"' });
    const outcome = await dump();
    assert.deepEqual(outcome.outcome === 'failure' && outcome.failure, refusal('counts'));
    assert.equal(forks.forks, 1);
  });

  it('needs less memory than the heap as long as it is written natively, and many times the heap by V8', async () => {
    const large: ScriptedChild = { words: { liveBytes: 40 * MB, peakBytes: 600 * MB } };
    const { dump, dumper } = dumperOf(gaveUp('sizes'), large);
    assert.ok(dumper.predict('full', 200 * MB).memoryBytes < 200 * MB);
    await dump();
    assert.ok(dumper.predict('full', 200 * MB).memoryBytes > 2000 * MB);
  });
});
