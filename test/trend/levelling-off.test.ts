import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { levelsOff, seriesRates } from '../../src/trend/levelling-off.js';
import { seededRandom } from '../support/seeded-random.js';

/** Steps of any lengths, and the rates of something that has so many members at a time. */
function ratesOf(lengths: readonly number[], members: (time: number) => number) {
  let time = 0;
  return lengths.map((length) => {
    const [from, to] = [time, time + length];
    time = to;
    return { at: (from + to) / 2, rate: (members(to) - members(from)) / length };
  });
}

const lengths = fc.array(fc.double({ min: 1, max: 60, noNaN: true }), { minLength: 5, maxLength: 15 });

describe('Levelling off', () => {
  it('is never seen in a steady rate, however unevenly it was looked at', () => {
    fc.assert(
      fc.property(lengths, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (steps, rate) => {
        assert.equal(levelsOff(ratesOf(steps, (time) => rate * time)).levels, false);
      }),
    );
  });

  it('is always seen in what fills exponentially, when a time constant has passed', () => {
    fc.assert(
      fc.property(lengths, (steps) => {
        const total = steps.reduce((sum, length) => sum + length, 0);
        const filled = (time: number) => 1e5 * (1 - Math.exp((-2 * time) / total));
        assert.equal(levelsOff(ratesOf(steps, filled)).levels, true);
      }),
    );
  });

  it('gives an idea of the level', () => {
    const steps = Array<number>(8).fill(10);
    const filled = (time: number) => 5000 * (1 - Math.exp(-time / 60));
    const { remaining } = levelsOff(ratesOf(steps, filled));
    const level = filled(80) + (remaining ?? 0);
    assert.ok(level > 4500 && level < 6000, `${level}`);
  });

  it('is not read from one burst, at the start or later', () => {
    for (const burst of [0, 1, 3]) {
      const rates = [100, 100, 100, 100, 100].map((rate, i) => ({
        at: i * 10,
        rate: i === burst ? 900 : rate,
      }));
      assert.equal(levelsOff(rates).levels, false);
    }
  });

  it('is seen in less than a fifth of noisy steady rates', () => {
    const { below } = seededRandom(7);
    const noisy = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ at: i * 10, rate: 70 + below(61) }));
    const part = (count: number) =>
      Array.from({ length: 500 }, () => levelsOff(noisy(count)).levels).filter(Boolean).length / 500;
    assert.ok(part(5) < 0.2);
    assert.ok(part(12) < 0.2);
  });

  it('needs two rates', () => {
    assert.equal(levelsOff([{ at: 0, rate: 9 }]).levels, false);
    assert.equal(
      levelsOff([
        { at: 0, rate: 9 },
        { at: 1, rate: 1 },
      ]).levels,
      true,
    );
  });

  it('shows in the latest rate alone where something fills evenly and is full at once', () => {
    const latestOf = (...rates: number[]) =>
      levelsOff(rates.map((rate, i) => ({ at: i * 10, rate }))).latestRatio;
    assert.equal(latestOf(100, 100, 100, 100, 40), 0.4);
    assert.equal(latestOf(100, 100, 100, 100, 60), null);
    assert.equal(latestOf(100, 100, 100, 100, 100, 100, 40, 40), null, 'two slow rates are a new pace');
  });

  it('is read from a few even steps of a long series', () => {
    const points = Array.from({ length: 61 }, (_, i) => ({ ms: i * 1000, bytes: i * 500 }));
    const { rates, per } = seriesRates(points);
    assert.equal(per, 'second');
    assert.deepEqual(
      rates.map(({ at, rate }) => [at, rate]),
      [5, 15, 25, 35, 45, 55].map((at) => [at, 500]),
    );
    assert.deepEqual(seriesRates(points.slice(0, 1)).rates, []);
  });

  it('is read per request where traffic was counted: a leak that follows falling traffic keeps its rate', () => {
    const requestsBy = (second: number) => 100 * second - 0.8 * second ** 2;
    const times = Array.from({ length: 61 }, (_, i) => i);
    const traffic = times.map((second) => ({ ms: second * 1000, bytes: requestsBy(second) }));
    const leak = times.map((second) => ({ ms: second * 1000, bytes: 7 * requestsBy(second) }));
    const { rates, per } = seriesRates(leak, traffic);
    assert.equal(per, 'request');
    for (const { rate } of rates) assert.ok(Math.abs(rate - 7) < 1e-6, String(rate));
    assert.equal(levelsOff(seriesRates(leak).rates).levels, true, 'per second it slows down');
    assert.equal(
      seriesRates(leak, traffic.slice(0, 30)).per,
      'second',
      'the traffic of a part is not enough',
    );
  });
});
