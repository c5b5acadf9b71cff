import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FloorSeries } from '../../src/trend/floor-series.js';

describe('A floor series', () => {
  it('keeps the lowest value of each completed slot, with its time', () => {
    const series = new FloorSeries(1_000);
    const ended = [
      [100, 5],
      [400, 3],
      [900, 7],
      [1_100, 9],
      [1_900, 8],
      [2_000, 1],
    ].map(([ms, value]) => series.add(ms!, value!));
    assert.deepEqual(ended, [false, false, false, true, false, true]);
    assert.deepEqual(series.points(), [
      { ms: 400, bytes: 3 },
      { ms: 1_900, bytes: 8 },
    ]);
    assert.equal(series.add(1_990, 0), false, 'what comes late begins no slot');
    assert.equal(series.add(2_500, 4), false);
    assert.equal(series.peak, Number.NEGATIVE_INFINITY);
  });

  it('leaves out slots without values', () => {
    const series = new FloorSeries(1_000);
    for (const ms of [500, 5_500, 6_500]) series.add(ms, ms);
    assert.deepEqual(
      series.points().map(({ ms }) => ms),
      [500, 5_500],
    );
  });

  it('drops the oldest slots for new ones, and remembers the highest floor it dropped', () => {
    const series = new FloorSeries(10);
    for (let slot = 0; slot < 1_000; slot++) series.add(slot * 10, slot === 7 ? 500 : slot % 90);
    const points = series.points();
    assert.equal(points.length, 39);
    assert.deepEqual(points.at(-1), { ms: 9_980, bytes: 998 % 90 });
    assert.equal(series.peak, 500);
  });
});
