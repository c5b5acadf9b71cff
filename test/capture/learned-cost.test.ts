import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CostObservation, LearnedCost } from '../../src/capture/learned-cost.js';
import { ManualClock } from '../support/manual-clock.js';

const MB = 2 ** 20;
const MINUTE = 60_000;
const GUESS = {
  pauseMsPerByte: 0.1 / MB,
  memoryPerByte: 2,
  cpuSecondsPerByte: 0.1 / MB,
};
/** A level that is guessed to take more memory. */
const DEAR = { ...GUESS, memoryPerByte: 15 };
const OBSERVED: CostObservation = {
  heapBytes: 100 * MB,
  pauseMs: 20,
  memoryBytes: 80 * MB,
  cpuSeconds: 4,
  complete: true,
};

function learning() {
  const clock = new ManualClock();
  return { clock, cost: new LearnedCost(clock, GUESS), dear: new LearnedCost(clock, DEAR) };
}

/** Whole milliseconds, MB and tenths of a second, as the guesses above give them. */
function rounded(cost: LearnedCost, heapMb: number) {
  const { pauseMs, memoryBytes, cpuSeconds } = cost.predict(heapMb * MB);
  return {
    pauseMs: Math.round(pauseMs * 100) / 100,
    memoryMb: Math.round(memoryBytes / MB),
    cpuSeconds: Math.round(cpuSeconds * 10) / 10,
  };
}

describe('What a capture is predicted to cost', () => {
  it('is the guess at first, in proportion to the heap, and cautious about time', () => {
    const { cost } = learning();
    assert.deepEqual(rounded(cost, 100), {
      pauseMs: 12.5,
      memoryMb: 200,
      cpuSeconds: 10,
    });
    assert.equal(rounded(cost, 200).memoryMb, 400);
  });

  it('is the mean of expectation and experience for time, and the experience itself for memory and at first for CPU', () => {
    const { cost } = learning();
    cost.learn(OBSERVED);
    assert.deepEqual(rounded(cost, 100), {
      pauseMs: 18.75,
      memoryMb: 100,
      cpuSeconds: 4,
    });
    cost.learn({ ...OBSERVED, cpuSeconds: 8 });
    assert.equal(rounded(cost, 100).cpuSeconds, 6);
  });

  it('grows by the guess beyond a small heap that showed a high rate, which has what every capture takes in it', () => {
    const { cost } = learning();
    cost.learn({ ...OBSERVED, heapBytes: 10 * MB, memoryBytes: 80 * MB });
    assert.equal(rounded(cost, 10).memoryMb, 100);
    assert.equal(rounded(cost, 110).memoryMb, 300);
    assert.equal(rounded(cost, 5).memoryMb, 50);
  });

  it('keeps the largest memory of the last half hour, and forgets it within another', () => {
    const { clock, cost } = learning();
    cost.learn({ ...OBSERVED, memoryBytes: 800 * MB });
    cost.learn(OBSERVED);
    assert.equal(rounded(cost, 100).memoryMb, 1000);
    clock.advance(35 * MINUTE);
    cost.learn(OBSERVED);
    assert.equal(rounded(cost, 100).memoryMb, 1000);
    clock.advance(30 * MINUTE);
    assert.equal(rounded(cost, 100).memoryMb, 100);
  });

  it('falls back to the guess after a bad hour in which nothing could be captured any more', () => {
    const { clock, cost } = learning();
    cost.learn({ ...OBSERVED, memoryBytes: 800 * MB, cpuSeconds: 90, pauseMs: 900 });
    clock.advance(60 * MINUTE);
    assert.deepEqual(rounded(cost, 100), {
      pauseMs: 12.5,
      memoryMb: 200,
      cpuSeconds: 10,
    });
  });

  it('never goes back to a guess of memory or CPU that experience has undercut', () => {
    const { clock, dear } = learning();
    dear.learn(OBSERVED);
    clock.advance(24 * 60 * MINUTE);
    assert.equal(rounded(dear, 100).memoryMb, 100);
    assert.equal(rounded(dear, 100).cpuSeconds, 4);
  });

  it('is more than what a capture had taken when it was killed, and never less than was expected before', () => {
    const { cost, dear } = learning();
    const killed = { ...OBSERVED, memoryBytes: 600 * MB, cpuSeconds: 2, complete: false };
    cost.learn(killed);
    assert.deepEqual(rounded(cost, 100), {
      pauseMs: 18.75,
      memoryMb: 750,
      cpuSeconds: 10,
    });
    dear.learn({ ...killed, memoryBytes: 600 * MB });
    assert.equal(rounded(dear, 100).memoryMb, 1500);
  });

  it('learns nothing from what is not known or makes no sense', () => {
    const { cost } = learning();
    const before = rounded(cost, 100);
    cost.learn({ ...OBSERVED, heapBytes: 0 });
    cost.learn({ ...OBSERVED, heapBytes: Number.NaN });
    cost.learn({
      ...OBSERVED,
      pauseMs: null,
      memoryBytes: Number.NaN,
      cpuSeconds: null,
    });
    assert.deepEqual(rounded(cost, 100), before);
  });
});
