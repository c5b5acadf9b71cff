import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codedDetail, type StateReason, stateDetail } from '../../src/wording/state-text.js';

const STATES: readonly (readonly [StateReason, string])[] = [
  [{ code: 'not-started' }, 'not started'],
  [{ code: 'started' }, 'warming up'],
  [{ code: 'trend-unknown' }, 'the trend of the heap is not known yet'],
  [{ code: 'leak-suspected' }, 'a leak is suspected'],
  [{ code: 'leak-confirmed' }, 'a leak is confirmed'],
  [
    { code: 'sampling-failed' },
    'the heap could not be sampled several times in a row; the log names the error',
  ],
  [{ code: 'census', waitMs: 90_000 }, 'the heap grows; its classes are counted again in 90 s'],
  [{ code: 'captures-off', dumperReason: 'captures are switched off' }, 'captures are switched off'],
  [{ code: 'already-capturing' }, 'a capture is running'],
  [{ code: 'warming-up', waitMs: 4400 }, 'captures begin in 4 s'],
  [{ code: 'spacing', waitMs: 5000 }, 'the next capture is due in 5 s'],
  [{ code: 'cooling-down', waitMs: 600_000 }, 'the last series found nothing; the next may start in 10 min'],
  [{ code: 'no-growth', direction: 'flat', points: 9 }, "the heap's trend is flat (9 points)"],
  [
    { code: 'pause-over-budget', pauseMs: 1500, budgetMs: 1000 },
    'a capture would stop the service for about 1.5 s; the limit is 1.0 s (pauseBudgetMs)',
  ],
  [
    {
      code: 'no-memory-headroom',
      memoryBytes: 60e6,
      concurrentBytes: 40e6,
      availableBytes: 199e6,
      reserveBytes: 100e6,
    },
    'a capture would take about 60.0 MB, and its analysis and copies of buffers 40.0 MB; 199 MB are available, of which 100 MB stay reserved for the service',
  ],
  [
    {
      code: 'no-memory-headroom',
      memoryBytes: 60e6,
      concurrentBytes: 40e6,
      availableBytes: null,
      reserveBytes: 32e6,
    },
    'a capture would take about 60.0 MB, and its analysis and copies of buffers 40.0 MB; an unknown amount is available, of which 32.0 MB stay reserved for the service',
  ],
  [
    { code: 'cpu-budget', predictedSeconds: 9, spentSeconds: 66, budgetSeconds: 72, waitMs: 3_000_000 },
    'a capture would take about 9.0 s of CPU; 66.0 s of the 72.0 s allowed per hour are spent; the budget will suffice in 50 min',
  ],
];

describe("The reason of the watcher's state", () => {
  for (const [reason, words] of STATES)
    it(`reads "${words}"`, () => assert.equal(stateDetail(reason), words));

  it('has its code first where nothing is captured', () => {
    assert.equal(codedDetail({ code: 'spacing', waitMs: 5000 }), 'spacing: the next capture is due in 5 s');
  });
});
