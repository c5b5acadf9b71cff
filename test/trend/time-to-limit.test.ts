import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reachableLimit, timeToLimit } from '../../src/trend/time-to-limit.js';
import type { TrendVerdict } from '../../src/trend/trend-verdict.js';

const RISING: TrendVerdict = {
  direction: 'rising',
  basis: 'major-gc',
  bytesPerSecond: 100,
  low: 50,
  high: 200,
  windowMs: 60_000,
  points: 9,
  shifted: false,
};

describe('the time to the limit', () => {
  it('is the remaining memory divided by the rate, in seconds, soonest at the fast end of the interval', () => {
    assert.deepEqual(timeToLimit(4_000, 10_000, RISING), { seconds: 60, low: 30, high: 120 });
  });

  it('has no late end if the slow end of the interval never reaches the limit', () => {
    assert.deepEqual(timeToLimit(4_000, 10_000, { ...RISING, low: 0 }), { seconds: 60, low: 30, high: null });
  });

  it('is zero if the limit is already reached', () => {
    assert.deepEqual(timeToLimit(11_000, 10_000, RISING), { seconds: 0, low: 0, high: 0 });
  });

  it('exists for a rising trend only', () => {
    for (const direction of ['flat', 'falling', 'unknown'] as const) {
      assert.equal(timeToLimit(4_000, 10_000, { ...RISING, direction }), null);
    }
  });
});

describe('the reachable limit', () => {
  it('is V8’s, unless container or host can provide less', () => {
    assert.equal(reachableLimit(100, 1_000, null), 1_000);
    assert.equal(reachableLimit(100, 1_000, 5_000), 1_000);
    assert.equal(reachableLimit(100, 1_000, 300), 400);
  });
});
