import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatDurationRange,
  formatMilliseconds,
  formatRate,
  formatShare,
  tenths,
} from '../../src/runtime/units.js';

test('bytes are shown in the unit that needs the fewest digits', () => {
  const cases: [number, string][] = [
    [0, '0 bytes'],
    [812, '812 bytes'],
    [999, '999 bytes'],
    [999.6, '1.0 KB'],
    [1_000, '1.0 KB'],
    [1_200, '1.2 KB'],
    [99_940, '99.9 KB'],
    [99_960, '100 KB'],
    [999_400, '999 KB'],
    [999_500, '1.0 MB'],
    [14_200_000, '14.2 MB'],
    [4_294_967_296, '4.3 GB'],
    [-3_000, '−3.0 KB'],
    [Number.NaN, 'unknown'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('a rate is per minute, or per hour if it is slow', () => {
  assert.equal(formatRate(1_900_000 / 60), '+1.9 MB/min');
  assert.equal(formatRate(-50), '−3.0 KB/min');
  assert.equal(formatRate(5), '+18.0 KB/h');
  assert.equal(formatRate(0), '0 bytes/h');
});

test('durations read as people say them', () => {
  const cases: [number, string][] = [
    [0, '0 s'],
    [-5, '0 s'],
    [84, '84 s'],
    [119, '119 s'],
    [120, '2 min'],
    [720, '12 min'],
    [5_400, '1 h 30 min'],
    [11_520, '3 h 12 min'],
    [10_800, '3 h'],
    [432_000, '5 days'],
    [Number.POSITIVE_INFINITY, 'unknown'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
});

test('a range of durations drops the trailing unit, and says if its end is open', () => {
  assert.equal(formatDurationRange(10_200, 13_200), '2 h 50 – 3 h 40');
  assert.equal(formatDurationRange(600, 900), '10 min – 15 min');
  assert.equal(formatDurationRange(10_200, null), 'at least 2 h 50');
});

test('counts, shares and pauses read without a unit table', () => {
  assert.equal(formatCount(12_310), '12,310');
  assert.equal(formatShare(0.966), '97 %');
  assert.equal(formatMilliseconds(0.04), '0 ms');
  assert.equal(formatMilliseconds(1.44), '1.4 ms');
  assert.equal(formatMilliseconds(14.2), '14 ms');
  assert.equal(formatMilliseconds(1_440), '1.4 s');
});

test('milliseconds in JSON have one decimal', () => {
  assert.equal(tenths(612.8228019999806), 612.8);
  assert.equal(tenths(0), 0);
});
