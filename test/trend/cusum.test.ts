import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { isShiftedUpwards } from '../../src/trend/cusum.js';
import { normalNumbers } from './drawn-heap.js';

function noisy(seed: number, count: number, shift: (i: number) => number): number[] {
  const noise = normalNumbers(seed * 104_729);
  return Array.from({ length: count }, (_, i) => 100e6 + 1e6 * (noise() + shift(i)));
}

function signals(runs: number, shift: (i: number) => number): number {
  let count = 0;
  for (let seed = 1; seed <= runs; seed++) if (isShiftedUpwards(noisy(seed, 60, shift))) count++;
  return count;
}

describe('the change chart', () => {
  it('signals a level that moved up by twice the noise, nearly always', () => {
    const found = signals(200, (i) => (i >= 30 ? 2 : 0));
    assert.ok(found >= 190, `${found} of 200`);
  });

  it('signals a slow drift', () => {
    const found = signals(200, (i) => i * 0.1);
    assert.ok(found >= 180, `${found} of 200`);
  });

  it('is silent on noise alone, nearly always', () => {
    const found = signals(200, () => 0);
    assert.ok(found <= 20, `${found} of 200`);
  });

  it('is silent when the level falls', () => {
    assert.ok(signals(200, (i) => (i >= 30 ? -3 : 0)) <= 6);
  });

  it('is silent on a single spike, on a constant series and on one too short for a reference', () => {
    const spike = Array.from({ length: 40 }, (_, i) => (i === 25 ? 100_400 : 100_000 + (i % 3) * 100));
    assert.equal(isShiftedUpwards(spike), false);
    assert.equal(isShiftedUpwards(Array.from({ length: 40 }, () => 5e6)), false);
    assert.equal(isShiftedUpwards([1, 2, 3, 4, 5, 6, 7, 100]), false);
    assert.equal(isShiftedUpwards([]), false);
  });

  it('does not depend on the unit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 60 }), (values) => {
        assert.equal(isShiftedUpwards(values.map((value) => value * 1024)), isShiftedUpwards(values));
      }),
    );
  });
});
