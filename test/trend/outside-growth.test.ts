import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FloorSeries } from '../../src/trend/floor-series.js';
import { judgeGrowth, type OutsideGrowth } from '../../src/trend/outside-growth.js';
import { seededRandom } from '../support/seeded-random.js';

const SLOT_MS = 7_000;
const AMOUNT = { gain: 100, ratio: 2 };
const SECONDS = 20 * 60;

type Draw = (second: number, random: (limit: number) => number) => number;

/** The judgements of a series drawn second by second, one for each slot that ends. */
function judgements(draw: Draw, seed = 1): (OutsideGrowth | null)[] {
  const random = seededRandom(seed);
  const series = new FloorSeries(SLOT_MS);
  const found: (OutsideGrowth | null)[] = [];
  for (let second = 0; second < SECONDS; second++) {
    const ended = series.add(
      second * 1000,
      draw(second, (limit) => random.below(limit)),
    );
    if (!ended) continue;
    const floors = series.points();
    found.push(
      judgeGrowth(
        { kind: 'handles', type: 'Timeout', floors, peak: series.peak, collected: null, traffic: [] },
        AMOUNT,
        3,
      ),
    );
  }
  return found;
}

const most = (draw: Draw, seed = 1): number =>
  Math.max(0, ...judgements(draw, seed).map((found) => found?.rises ?? 0));

/** Arrivals of a second at a mean rate, nearly Poisson: a sum of many coins. */
const arrivals = (mean: number, random: (limit: number) => number): number => {
  let count = 0;
  for (let coin = 0; coin < mean * 4; coin++) if (random(4) === 0) count += 1;
  return count;
};

function accumulating(perSecond: (second: number, random: (limit: number) => number) => number): Draw {
  let held = 0;
  return (second, random) => {
    held += perSecond(second, random);
    return held;
  };
}

describe('Growth outside the graph', () => {
  const leaks: Readonly<Record<string, () => Draw>> = {
    'one every second': () => (second) => second,
    'random arrivals': () => accumulating((_second, random) => arrivals(5, random)),
    'arrivals whose rate varies by 30 %': () =>
      accumulating((second, random) => arrivals(10 + 3 * Math.sin(second / 20), random)),
    'a batch of 30 every 5 s': () => (second) => Math.floor(second / 5) * 30,
    'a batch of 60 every 20 s': () => (second) => Math.floor(second / 20) * 60,
    'arrivals under work in flight': () => {
      const held = accumulating((_second, random) => arrivals(8, random));
      return (second, random) => held(second, random) + random(60);
    },
  };
  for (const [name, draw] of Object.entries(leaks)) {
    it(`is seen: ${name}`, () => {
      for (let seed = 1; seed <= 20; seed++) {
        assert.ok(most(draw(), seed) >= 7, `seed ${seed}`);
      }
    });
  }

  const healthy: Readonly<Record<string, () => Draw>> = {
    'a level with noise': () => (_second, random) => 200 + random(150),
    'a pool that fills in 20 s': () => (second) => Math.min(400, second * 20),
    'a pool that fills exponentially': () => (second) => 1_000 * (1 - Math.exp(-second / 15)),
    'in flight, coming and going': () => (_second, random) => arrivals(30, random),
    'a sawtooth of 30 s': () => (second) => (second % 30) * 40,
    'a batch that fills for five minutes over a past that was as high': () => (second) =>
      100 + ((second + 200) % 300),
    'traffic up and down': () => (second, random) =>
      Math.round(300 + 290 * Math.sin(second / 15)) + random(30),
  };
  for (const [name, draw] of Object.entries(healthy)) {
    it(`is not seen for long: ${name}`, () => {
      for (let seed = 1; seed <= 20; seed++) assert.ok(most(draw(), seed) < 7, `seed ${seed}`);
    });
  }

  it('is never seen in 10,000 slots of noise', () => {
    const random = seededRandom(5);
    const series = new FloorSeries(1);
    for (let slot = 0; slot < 10_000; slot++) {
      series.add(slot, 100 + random.below(400));
      const floors = series.points();
      const found = judgeGrowth(
        { kind: 'handles', type: 'a', floors, peak: series.peak, collected: null, traffic: [] },
        AMOUNT,
        3,
      );
      assert.equal(found, null);
    }
  });

  it('gives its slope, its gain and its time span', () => {
    const last = judgements(accumulating((_second, random) => arrivals(5, random))).findLast(
      (found) => found !== null,
    );
    assert.ok(last !== null && last !== undefined);
    assert.ok(Math.abs(last.slope.bytesPerSecond - 5) < 0.5, JSON.stringify(last.slope));
    assert.ok(last.slope.low <= last.slope.bytesPerSecond && last.slope.bytesPerSecond <= last.slope.high);
    assert.equal(last.gained, last.last - last.first);
    assert.equal(last.spanMs, last.points.at(-1)!.ms - last.points[0]!.ms);
  });

  it('is no growth where it is small, or does not double', () => {
    assert.equal(
      most((second) => second / 20),
      0,
    );
    assert.equal(
      most((second) => 5_000 + second),
      0,
    );
  });

  it('is not seen any more when it ends', () => {
    assert.equal(judgements((second) => Math.min(second, 600) * 10).at(-1), null);
  });
});
