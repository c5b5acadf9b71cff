import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StackBytes } from '../../src/sampling/sampling-profile.js';
import { SiteGrowth } from '../../src/sampling/site-growth.js';

function stack(name: string, liveBytes: number, ...callers: string[]): StackBytes {
  const frames = [name, ...callers].map((each) => ({
    function: each,
    url: 'file:///app/a.js',
    line: each.length,
    column: 1,
  }));
  return { frames, liveBytes };
}

function grown(...readings: StackBytes[][]): SiteGrowth {
  const growth = new SiteGrowth();
  for (const [index, stacks] of readings.entries()) growth.add(index * 1000, stacks, false);
  return growth;
}

const told = (growth: SiteGrowth) => growth.growing().map((site) => [site.function, site.growthBytes]);

describe('The growth of allocation sites', () => {
  it('is what sites hold beyond the first reading, most first', () => {
    const growth = grown(
      [stack('a', 100), stack('b', 50)],
      [stack('a', 200), stack('b', 350)],
      [stack('a', 300), stack('b', 650)],
    );
    assert.deepEqual(told(growth), [
      ['b', 600],
      ['a', 200],
    ]);
  });

  it('leaves out sites that came and went, that are constant, or that only the latest reading has', () => {
    const growth = grown(
      [stack('level', 100), stack('gone', 10)],
      [stack('level', 100), stack('gone', 500)],
      [stack('level', 100), stack('new', 900)],
    );
    assert.deepEqual(told(growth), []);
  });

  it('distinguishes stacks by their callers, and reports the callers', () => {
    const growth = grown(
      [],
      [stack('put', 10, 'orders'), stack('put', 20, 'users')],
      [stack('put', 30, 'orders'), stack('put', 90, 'users')],
    );
    assert.deepEqual(
      growth.growing().map(({ growthBytes, callers }) => [growthBytes, callers[0]?.function]),
      [
        [90, 'users'],
        [30, 'orders'],
      ],
    );
  });

  it('continues if another profiler starts', () => {
    const growth = grown([stack('a', 100)], [stack('a', 500)]);
    growth.add(2000, [stack('a', 10)], true);
    growth.add(3000, [stack('a', 200)], false);
    assert.deepEqual(told(growth), [['a', 600]]);
  });

  it('keeps the first reading and the latest ones', () => {
    const growth = new SiteGrowth();
    for (let reading = 0; reading < 40; reading++)
      growth.add(reading * 1000, [stack('a', reading * 10)], false);
    const [site] = growth.growing();
    assert.equal(site?.growthBytes, 390);
    assert.deepEqual([site?.steps.length, site?.steps[0]?.atMs, site?.steps[1]?.atMs], [16, 0, 25_000]);
  });

  it('forgets the smallest of too many sites, and sites that hold nothing any more', () => {
    const growth = new SiteGrowth();
    const many = Array.from({ length: 2500 }, (_, index) => stack(`f${index}`, 1000 + index));
    for (let reading = 1; reading <= 3; reading++) {
      growth.add(
        reading,
        many.map((one) => ({ ...one, liveBytes: one.liveBytes * reading })),
        false,
      );
    }
    assert.equal(growth.sites, 2000);
    assert.equal(growth.growing().length, 64);
    assert.equal(growth.growing()[0]?.function, 'f2499');
    for (let reading = 4; reading < 40; reading++) growth.add(reading, [], false);
    // Those of the first reading are known until it is.
    assert.deepEqual(growth.growing(), []);
  });
});
