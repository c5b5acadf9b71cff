import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CaptureLevel } from '../../src/capture/capture-record.js';
import type { ClassCount } from '../../src/capture/class-census.js';
import type { HeapDumper } from '../../src/capture/heap-dumper.js';
import { CaptureLadder } from '../../src/daemon/capture-ladder.js';
import { PACE_RULES, type PaceRules } from '../../src/pace/pace.js';

const { production, fast } = PACE_RULES;
const ALL: readonly CaptureLevel[] = ['probe', 'census', 'sampled', 'full'];
const MINUTE = 60_000;
const KB = 1024;
const START = Date.parse('2026-01-01T00:00:00Z');

interface Cost {
  readonly cpuSeconds?: number;
  readonly pauseMs?: number;
}

function ladderOf(
  levels: readonly CaptureLevel[] = ALL,
  rules: PaceRules = production,
  cost: Cost = {},
): CaptureLadder {
  const dumper: HeapDumper = {
    name: 'fork',
    levels,
    predict: () => ({ pauseMs: 0, memoryBytes: 0, cpuSeconds: 0, ...cost }),
    dump: () => assert.fail('a ladder captures nothing'),
  };
  return new CaptureLadder(rules, dumper);
}

/** A census `minutes` after the start, of `live` KB in all and of orders of `orders` KB. */
function census(minutes: number, live: number, orders: number) {
  const classes: readonly ClassCount[] = [
    { className: 'Order', count: orders, bytes: orders * KB },
    { className: 'Router', count: 5, bytes: 5 * KB },
  ];
  return { atMs: START + minutes * MINUTE, liveBytes: live * KB, classes };
}

function growingOf(ladder: CaptureLadder): readonly ClassCount[] {
  return ladder.census?.growing ?? [];
}

describe('Probes of the live heap', () => {
  const probeDue = (ladder: CaptureLadder, sinceMs: number, liveAtMs: number | null = null) =>
    ladder.probeDue(START + sinceMs, liveAtMs, 100 * KB * KB);

  it('are due where nothing has told the live heap yet, and then a minute after the latest', () => {
    const ladder = ladderOf();
    assert.equal(probeDue(ladder, 0), true);
    ladder.probed(START);
    assert.deepEqual([probeDue(ladder, MINUTE - 1), probeDue(ladder, MINUTE)], [false, true]);
  });

  it("are not due while V8's own collections tell it", () => {
    assert.equal(probeDue(ladderOf(), MINUTE, START + 1), false);
    assert.equal(probeDue(ladderOf(), MINUTE, START), true);
  });

  it('are as far apart as their CPU and their pauses ask for', () => {
    const dueAfter = (cost: Cost) => {
      const ladder = ladderOf(ALL, production, cost);
      ladder.probed(START);
      return Array.from({ length: 60 }, (_, at) => at).find((minutes) => probeDue(ladder, minutes * MINUTE));
    };
    assert.equal(dueAfter({ cpuSeconds: 0.1, pauseMs: 4 }), 1);
    assert.equal(dueAfter({ cpuSeconds: 1.5 }), 5, 'a quarter of 2 % of a core is 0.3 s a minute');
    assert.equal(dueAfter({ pauseMs: 120 }), 10, '0.02 % of the time is 12 ms a minute');
  });

  it('are never due where the dumper has none', () => {
    assert.equal(probeDue(ladderOf(['full']), 0), false);
    assert.equal(new CaptureLadder(production, null).probeDue(START, null, 0), false);
  });
});

describe('A growth', () => {
  const next = (ladder: CaptureLadder, minutes: number) => {
    const { level, notBeforeMs } = ladder.next(START + minutes * MINUTE);
    return notBeforeMs === null ? level : `${level} at ${(notBeforeMs - START) / MINUTE}`;
  };

  it('is counted at once, and again two, four and six minutes later', () => {
    const ladder = ladderOf();
    assert.equal(next(ladder, 0), 'census');
    assert.equal(ladder.counted(census(0, 1000, 100)), true);
    assert.deepEqual(
      [next(ladder, 0), next(ladder, 1.9), next(ladder, 2)],
      ['census at 2', 'census at 2', 'census'],
    );
    assert.equal(ladder.counted(census(2, 1000, 100)), true);
    assert.deepEqual([next(ladder, 3), next(ladder, 4)], ['census at 4', 'census']);
    assert.equal(ladder.counted(census(4, 1000, 100)), true);
    assert.equal(next(ladder, 5), 'census at 6');
  });

  it('is called off at the third comparison that shows nothing', () => {
    const ladder = ladderOf();
    const counted = [0, 2, 4, 6].map((minutes) =>
      ladder.counted(census(minutes, 1000 + minutes, 100 + minutes)),
    );
    assert.deepEqual(counted, [true, true, true, false]);
  });

  it('pays for a graph as soon as a class has grown since the first census', () => {
    const ladder = ladderOf();
    ladder.counted(census(0, 1000, 100));
    // Half of a KB a second, over two minutes.
    assert.equal(ladder.counted(census(2, 1000, 100 + 60)), true);
    assert.equal(next(ladder, 2), 'sampled');
  });

  it('pays as well where only the live heap shows it, as with strings', () => {
    const ladder = ladderOf();
    ladder.counted(census(0, 1000, 100));
    ladder.counted(census(2, 1000 + 60, 100));
    assert.equal(next(ladder, 2), 'sampled');
  });

  it('adds up over comparisons, since all are with the first census', () => {
    const ladder = ladderOf();
    // A class that is hidden by traffic at first: a step from one census to the next alone would show 59 KB.
    ladder.counted(census(0, 1000, 100));
    ladder.counted(census(2, 1000, 159));
    assert.equal(next(ladder, 4), 'census');
    ladder.counted(census(4, 1000, 220));
    assert.equal(next(ladder, 4), 'sampled');
  });

  it('is counted anew after a series began or was called off', () => {
    const ladder = ladderOf();
    ladder.counted(census(0, 1000, 100));
    ladder.counted(census(2, 2000, 900));
    ladder.reset();
    assert.equal(next(ladder, 3), 'census');
    assert.equal(growingOf(ladder)[0]?.className, 'Order', 'what was told stays');
  });

  it('that was gone for as long as a cool-down is not compared with one that begins later', () => {
    const ladder = ladderOf();
    ladder.counted(census(0, 1000, 100));
    const follow = (minutes: number, grows: boolean) => ladder.follow(START + minutes * MINUTE, grows);
    follow(1, false);
    follow(20, true);
    follow(21, false);
    follow(50, false);
    assert.equal(next(ladder, 1), 'census at 2', 'it has been calm for less than half an hour in a row');
    follow(51, false);
    assert.equal(next(ladder, 1), 'census', 'as if there had been none');
  });

  it('needs no census at the fast pace, nor where the dumper has none', () => {
    assert.equal(next(ladderOf(ALL, fast), 0), 'sampled');
    assert.equal(next(ladderOf(['probe', 'full']), 0), 'full');
    assert.equal(next(ladderOf(['full']), 0), 'full');
  });
});

describe('What a census is told as', () => {
  it('has what grew since the first one, the most bytes first and at most ten classes', () => {
    const ladder = ladderOf();
    assert.equal(ladder.census, null);
    ladder.counted(census(0, 1000, 100));
    assert.deepEqual(ladder.census, { atMs: START, liveBytes: 1000 * KB, growing: null });
    const many = Array.from({ length: 20 }, (_, at) => ({ className: `C${at}`, count: at, bytes: at }));
    ladder.counted({ ...census(2, 1000, 130), classes: [...census(2, 1000, 130).classes, ...many] });
    const growing = growingOf(ladder);
    assert.equal(growing.length, 10);
    assert.deepEqual(growing[0], { className: 'Order', count: 30, bytes: 30 * KB });
    assert.deepEqual(growing[1], { className: 'C19', count: 19, bytes: 19 });
  });
});
