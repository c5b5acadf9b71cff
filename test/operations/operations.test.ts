import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { beforeEach, describe, it } from 'node:test';
import type { OperationResult, OperationWork } from '../../src/operations/operation.js';
import { type OperationOrder, Operations } from '../../src/operations/operations.js';
import { ManualClock } from '../support/manual-clock.js';
import { createRecordingLogger, type RecordingLogger } from '../support/recording-logger.js';

const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;

/** Work that ends when the test says so. */
function openWork() {
  const signals: AbortSignal[] = [];
  let end: (result: OperationResult) => void = () => {};
  const promise = new Promise<OperationResult>((resolve) => {
    end = resolve;
  });
  const work: OperationWork = ({ signal }) => {
    signals.push(signal);
    return promise;
  };
  return { work, end: (result: OperationResult) => end(result), signals };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const done = (value: unknown = null) => Promise.resolve({ value });

describe('Operations', () => {
  let clock: ManualClock;
  let logger: RecordingLogger;
  let operations: Operations;
  const order = (changes: Partial<OperationOrder> = {}): OperationOrder => ({
    kind: 'scan',
    principal: 'token-1',
    requestId: 'request-1',
    request: '{}',
    expectedMs: null,
    coolDownMs: 0,
    ...changes,
  });
  const begin = (work: OperationWork, changes: Partial<OperationOrder> = {}) =>
    operations.begin(order(changes), work).operation.id;

  beforeEach(() => {
    clock = new ManualClock();
    logger = createRecordingLogger();
    operations = new Operations(clock, logger);
  });

  it('run at once, are found by their id, and keep the result of their work', async () => {
    const { work, end } = openWork();
    const id = begin(work);
    assert.match(id, /^op-[0-9a-f]{16}$/);
    assert.equal(operations.find(id)?.state, 'running');
    clock.advance(500);
    end({ value: { pages: 3 } });
    await settled();
    const ended = operations.find(id);
    assert.equal(ended?.state, 'succeeded');
    assert.deepEqual(ended?.result, { pages: 3 });
    assert.equal(ended.endedAtMs! - ended.startedAtMs, 500);
    assert.deepEqual([ended.principal, ended.requestId], ['token-1', 'request-1']);
    assert.equal(ended.progress, null);
  });

  it('say how far they are while they run, and not afterwards', async () => {
    const ending = openWork();
    const id = begin(async ({ progress, ...control }) => {
      progress('capturing', 0.5, { number: 2, of: 3 });
      const result = await ending.work({ ...control, progress });
      setImmediate(() => progress('analysing', 1));
      return result;
    });
    assert.deepEqual(operations.find(id)?.progress, {
      step: 'capturing',
      part: 0.5,
      round: { number: 2, of: 3 },
    });
    ending.end({ value: null });
    await settled();
    await settled();
    assert.equal(operations.find(id)?.progress, null);
  });

  it('fail with the error of their work; an exception is logged and shown to no client', async () => {
    const error = { code: 'LEAKWATCH_ERR_REFUSED', detail: 'No memory.' } as const;
    const refused = begin(() => Promise.resolve({ error }));
    await settled();
    assert.deepEqual(operations.find(refused)?.error, error);
    assert.equal(operations.find(refused)?.state, 'failed');
    const thrown = begin(() => {
      throw new Error('/secret/path is gone');
    });
    await settled();
    assert.equal(operations.find(thrown)?.error?.code, 'LEAKWATCH_ERR_INTERNAL');
    assert.doesNotMatch(JSON.stringify(operations.find(thrown)), /secret/);
    assert.match(JSON.stringify(logger.lines), /secret/);
  });

  it('are joined by the same request, and are in the way of any other of their kind', () => {
    const { work } = openWork();
    const id = begin(work, { request: 'a', expectedMs: 30_000 });
    clock.advance(10_000);
    const joined = operations.begin(order({ request: 'a', principal: 'token-2' }), () => done());
    assert.deepEqual([joined.outcome, joined.operation.id], ['joined', id]);
    const other = operations.begin(order({ request: 'b' }), () => done());
    assert.equal(other.outcome, 'busy');
    assert.equal(other.operation.id, id);
    assert.equal(other.outcome === 'busy' && other.retryAfterMs, 20_000);
  });

  it('of kinds that would disturb each other do not run at the same time', () => {
    begin(openWork().work, { kind: 'cpu-profile' });
    assert.equal(operations.begin(order({ kind: 'scan' }), () => done()).outcome, 'busy');
    assert.equal(operations.begin(order({ kind: 'heap-profile' }), () => done()).outcome, 'began');
  });

  it('are followed by a cool-down of their kind, whatever became of them', async () => {
    const id = begin(() => Promise.reject(new Error('no')));
    await settled();
    clock.advance(4_000);
    const early = operations.begin(order({ coolDownMs: 10_000 }), () => done());
    assert.equal(early.outcome, 'busy');
    assert.equal(early.operation.id, id);
    assert.equal(early.outcome === 'busy' && early.retryAfterMs, 6_000);
    clock.advance(6_000);
    assert.equal(operations.begin(order({ coolDownMs: 10_000 }), () => done()).outcome, 'began');
  });

  it('are cancelled by their signal, and count as running until their work has ended', async () => {
    const { work, end, signals } = openWork();
    const id = begin(work);
    assert.equal(operations.cancel(id), true);
    assert.equal(signals[0]?.aborted, true);
    assert.equal(operations.find(id)?.state, 'running');
    // Nobody joins what is about to end.
    assert.equal(operations.begin(order(), () => done()).outcome, 'busy');
    end({ value: 'too late' });
    await settled();
    assert.equal(operations.find(id)?.state, 'cancelled');
    assert.equal(operations.find(id)?.result, null);
    assert.equal(operations.cancel(id), false);
    assert.equal(operations.cancel('op-0000000000000000'), false);
  });

  it('are cancelled all when the watcher stops, which waits for their work', async () => {
    const scan = openWork();
    const profile = openWork();
    begin(scan.work);
    begin(profile.work, { kind: 'heap-profile' });
    let stopped = false;
    const stopping = operations.stop().then(() => {
      stopped = true;
    });
    assert.deepEqual([scan.signals[0]?.aborted, profile.signals[0]?.aborted], [true, true]);
    scan.end({ value: null });
    await settled();
    assert.equal(stopped, false);
    profile.end({ value: null });
    await stopping;
    const { signals, work, end } = openWork();
    begin(work);
    assert.equal(signals[0]?.aborted, true);
    end({ value: null });
  });

  it('are forgotten after an hour, and beyond fifty, but never while they run', async () => {
    const running = begin(openWork().work);
    const first = begin(() => done(), { kind: 'heap-profile' });
    await settled();
    clock.advance(HOUR_MS + 1);
    assert.equal(operations.find(first), null);
    assert.equal(operations.find(running)?.state, 'running');
    const ids: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      ids.push(begin(() => done(), { kind: 'heap-profile' }));
      await settled();
    }
    assert.equal(ids.filter((id) => operations.find(id) !== null).length, 49);
    assert.ok(operations.find(ids.at(-1)!) !== null);
    assert.equal(operations.find(running)?.state, 'running');
  });

  describe('with files', () => {
    const file = { mediaType: 'application/json', filename: 'a.json', bytes: () => new Uint8Array(1) };
    const profile = async (heldBytes: number) => {
      const id = begin(() => Promise.resolve({ value: null, files: [file], heldBytes }), {
        kind: 'heap-profile',
      });
      await settled();
      return id;
    };
    const withFiles = (ids: readonly string[]) =>
      ids.map((id) => (operations.find(id)?.files.length ?? 0) > 0);

    it('keep the files of the latest three', async () => {
      const ids = [await profile(1), await profile(1), await profile(1), await profile(1)];
      assert.deepEqual(withFiles(ids), [false, true, true, true]);
      assert.equal(operations.find(ids[0]!)?.state, 'succeeded');
    });

    it('drop older files that would hold more than 32 MiB together, and refuse a larger one', async () => {
      const ids = [await profile(20 * MIB), await profile(10 * MIB), await profile(20 * MIB)];
      assert.deepEqual(withFiles(ids), [false, true, true]);
      const huge = await profile(33 * MIB);
      assert.equal(operations.find(huge)?.error?.code, 'LEAKWATCH_ERR_REFUSED');
      assert.deepEqual(withFiles([huge]), [false]);
    });
  });

  describe('waited for', () => {
    const never = new AbortController().signal;
    setMaxListeners(0, never);

    it('release their waiters when they end, and at once if they have ended', async () => {
      const { work, end } = openWork();
      const id = begin(work);
      const waits = operations.wait(id, 60_000, never);
      end({ value: null });
      await waits;
      assert.equal(operations.find(id)?.state, 'succeeded');
      await operations.wait(id, 60_000, never);
      await operations.wait('op-0000000000000000', 60_000, never);
    });

    it('release a waiter when its time is over, or when its client goes away', async () => {
      const id = begin(openWork().work);
      const timed = operations.wait(id, 5_000, never);
      clock.advance(5_000);
      await timed;
      const gone = new AbortController();
      const left = operations.wait(id, 5_000, gone.signal);
      gone.abort();
      await left;
      assert.equal(operations.find(id)?.state, 'running');
    });

    it('have 32 waiters at most, and each that leaves makes room', async () => {
      const id = begin(openWork().work);
      const gone = new AbortController();
      const first = operations.wait(id, 5_000, gone.signal);
      for (let i = 1; i < 32; i += 1) assert.ok(operations.wait(id, 5_000, never));
      assert.equal(operations.wait(id, 5_000, never), null);
      assert.ok(operations.wait(id, 0, never), 'a request that does not wait needs no room');
      gone.abort();
      await first;
      assert.ok(operations.wait(id, 5_000, never));
    });
  });
});
