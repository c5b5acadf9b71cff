import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Clock, createForwardClock } from '../../src/runtime/clock.js';

const MINUTE = 60_000;

function setUp() {
  const times = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };
  const host: Clock = {
    now: () => times.wallMs,
    monotonicMs: () => times.monotonicMs,
    after: () => ({ cancel: () => {} }),
  };
  const clock = createForwardClock(host);
  const pass = (monotonicMs: number, wallMs = monotonicMs): number => {
    times.monotonicMs += monotonicMs;
    times.wallMs += wallMs;
    return clock.now();
  };
  return { clock, times, pass };
}

describe('A clock that only goes forward', () => {
  it('is the wall clock while that advances, drifts a little, or is set forward', () => {
    const { times, pass } = setUp();
    assert.equal(pass(MINUTE), times.wallMs);
    assert.equal(pass(MINUTE, MINUTE - 900), times.wallMs);
    assert.equal(pass(MINUTE, 90 * MINUTE), times.wallMs);
  });

  it('continues at its pace if the wall clock is set back, until that has caught up', () => {
    const { times, pass } = setUp();
    const before = pass(MINUTE);
    assert.equal(pass(MINUTE, -119 * MINUTE), before + MINUTE);
    assert.equal(pass(MINUTE), before + 2 * MINUTE);
    assert.equal(pass(MINUTE, 121 * MINUTE), times.wallMs);
  });

  it('uses the monotonic clock and the timers of the underlying clock', () => {
    const { clock, times } = setUp();
    assert.equal(clock.monotonicMs(), times.monotonicMs);
  });
});
