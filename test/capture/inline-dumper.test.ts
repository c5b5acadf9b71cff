import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import type { CaptureOrder } from '../../src/capture/heap-dumper.js';
import { InlineDumper } from '../../src/capture/inline-dumper.js';
import { systemClock } from '../../src/runtime/clock.js';
import { ManualClock } from '../support/manual-clock.js';

function order(sink: Writable, paused: (fromMs: number, toMs: number) => void = () => {}): CaptureOrder {
  return {
    level: 'full',
    receiver: {
      stream: () => sink,
      pipe: () => assert.fail('it has no child'),
    },
    heapBytes: 0,
    concurrentBytes: 0,
    niceness: 19,
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    paused,
  };
}

describe('The in-process dumper', () => {
  it('writes a whole heap snapshot, integers included', async () => {
    const sink = new PassThrough();
    const written = buffer(sink);
    const outcome = await new InlineDumper(systemClock).dump(order(sink));
    const snapshot = JSON.parse((await written).toString('utf8'));
    assert.equal(outcome.outcome, 'success');
    assert.equal(
      snapshot.nodes.length,
      snapshot.snapshot.node_count * snapshot.snapshot.meta.node_fields.length,
    );
    assert.ok(
      outcome.outcome === 'success' &&
        outcome.liveBytes > 1_000_000 &&
        outcome.peakBytes >= (await written).byteLength,
    );
  });

  it('tells of the pause in the very turn in which it paused', async () => {
    const pauses: { fromMs: number; toMs: number }[] = [];
    const before = systemClock.monotonicMs();
    const dumping = new InlineDumper(systemClock).dump(
      order(new PassThrough().resume(), (fromMs, toMs) => pauses.push({ fromMs, toMs })),
    );
    const after = systemClock.monotonicMs();
    assert.equal(pauses.length, 1);
    const [{ fromMs, toMs } = { fromMs: 0, toMs: 0 }] = pauses;
    assert.ok(before <= fromMs && fromMs < toMs && toMs <= after);
    assert.equal((await dumping).outcome, 'success');
  });

  it('predicts the mean of its guess and what it learned, and more for more heap', async () => {
    const dumper = new InlineDumper(systemClock);
    const guessedFor = (bytes: number) => new InlineDumper(systemClock).predict('full', bytes).pauseMs;
    const guessed = dumper.predict('full', 100e6);
    assert.ok(guessed.pauseMs > 4000 && guessed.memoryBytes > 1e9);
    const sink = new PassThrough().resume();
    const outcome = await dumper.dump(order(sink));
    assert.ok(outcome.outcome === 'success');
    const learned = dumper.predict('full', outcome.liveBytes);
    const expected = (guessedFor(outcome.liveBytes) + 1.25 * outcome.pauseMs) / 2;
    assert.ok(Math.abs(learned.pauseMs - expected) < 1, `${learned.pauseMs} is not near ${expected}`);
    assert.ok(learned.memoryBytes >= outcome.peakBytes && learned.memoryBytes <= outcome.peakBytes * 1.5);
    assert.ok(dumper.predict('full', outcome.liveBytes * 2).pauseMs > learned.pauseMs);
  });

  it('forgets what a busy moment taught it, so that it does not refuse for ever', async () => {
    const clock = new ManualClock();
    const dumper = new InlineDumper({ ...systemClock, monotonicMs: () => clock.monotonicMs() });
    const guessed = dumper.predict('full', 1e6).pauseMs;
    const dumping = dumper.dump(order(new PassThrough().resume()));
    assert.equal(
      dumper.predict('full', 1e6).pauseMs,
      guessed / 2,
      'the clock of the test stood still during the capture',
    );
    await dumping;
    clock.advance(10 * 60 * 1000);
    assert.equal(dumper.predict('full', 1e6).pauseMs, guessed);
  });

  it('asks for nobody to write to before there is something to write', async () => {
    const asked: string[] = [];
    const given = order(new PassThrough().resume(), () => asked.push('paused'));
    const stream = () => {
      asked.push('stream');
      return new PassThrough().resume();
    };
    await new InlineDumper(systemClock).dump({ ...given, receiver: { ...given.receiver, stream } });
    assert.deepEqual(asked, ['paused', 'stream']);
  });

  it('makes a sink that breaks a failure with its cause, not an exception', async () => {
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('it broke')) });
    sink.on('error', () => {});
    const outcome = await new InlineDumper(systemClock).dump(order(sink));
    assert.ok(outcome.outcome === 'failure');
    assert.deepEqual(outcome.failure, { cause: 'error', code: null, message: 'it broke' });
    assert.ok(outcome.pauseMs > 0);
  });

  it('knows by the code of an error that its reader is gone, whatever the words', async () => {
    const pipe = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    const broken = new Writable({ write: (_chunk, _encoding, done) => done(pipe) });
    const closed = new Writable({ write: () => void setImmediate(() => closed.destroy()) });
    for (const sink of [broken, closed]) {
      sink.on('error', () => {});
      const outcome = await new InlineDumper(systemClock).dump(order(sink));
      assert.deepEqual(outcome.outcome === 'failure' && outcome.failure, { cause: 'reader-gone' });
    }
  });
});
