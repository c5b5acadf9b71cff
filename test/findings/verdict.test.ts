import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judgeSuspect } from '../../src/findings/verdict.js';
import type { Suspect } from '../../src/heap/suspects/suspect.js';
import { PACE_RULES } from '../../src/trigger/pace.js';
import { suspectWith } from '../support/suspect.js';

const FAST = PACE_RULES.fast.finding;
const PRODUCTION = PACE_RULES.production.finding;
const STEADY = [1000, 2000, 3000, 4000, 5000, 6000];

function status(counts: readonly number[], change: Partial<Suspect> = {}): string {
  return judgeSuspect(suspectWith(counts, change), FAST).status;
}

describe('The verdict on a path', () => {
  it('is suspected at three growing captures and confirmed at six, at the fast pace', () => {
    assert.equal(status(STEADY.slice(0, 2)), 'early');
    assert.equal(status(STEADY.slice(0, 3)), 'suspected');
    assert.equal(status(STEADY.slice(0, 5)), 'suspected');
    assert.equal(status(STEADY), 'confirmed');
  });

  it('is never confirmed before ten minutes at the production pace', () => {
    const verdict = judgeSuspect(suspectWith([...STEADY, 7000, 8000]), PRODUCTION);
    assert.equal(verdict.status, 'suspected');
    assert.match(verdict.reasons.join(), /grow for 530 s more/);
  });

  it('counts from the latest capture at which it did not grow', () => {
    assert.equal(status([1000, 2000, 3000, 3000, 4000, 5000]), 'suspected');
    assert.equal(status([1000, 2000, 3000, 4000, 4000]), 'healthy');
  });

  it('is healthy while it holds no more than it did before', () => {
    assert.equal(status([9000, 1000, 2000, 3000, 4000, 5000, 6000]), 'healthy');
    assert.equal(status([5000, 1000, 2000, 3000, 4000, 5000, 6000]), 'confirmed');
  });

  it('is healthy when the growth is not material', () => {
    assert.equal(status([1, 2, 3, 4, 5]), 'healthy');
    assert.equal(status(STEADY, { shareOfGrowth: 0.05 }), 'healthy');
  });

  it("is healthy when the growth is V8's own", () => {
    assert.equal(status(STEADY, { artefact: 'compiled code' }), 'healthy');
  });

  it('stays suspected below a bound that its owner names, and is confirmed beyond it', () => {
    const bounded = judgeSuspect(
      suspectWith(STEADY, { bound: { name: 'max', limit: 10_000, unit: 'entries' } }),
      FAST,
    );
    assert.equal(bounded.status, 'suspected');
    assert.match(bounded.reasons.join(), /bounded at 10000 by 'max'/);
    assert.equal(status(STEADY, { bound: { name: 'max', limit: 3000, unit: 'entries' } }), 'confirmed');
  });

  it('is not suspected while the growth slows down', () => {
    assert.equal(status([0, 4000, 7000, 9000, 9800, 10_000]), 'early');
    assert.equal(status([0, 1000, 1900, 2900, 3800, 4700]), 'confirmed');
  });

  it('gives rates of the growing part alone', () => {
    const { objectsPerSecond, bytesPerSecond } = judgeSuspect(suspectWith([2500, 1000, 2000, 3000]), FAST);
    assert.equal(objectsPerSecond, 100);
    assert.equal(bytesPerSecond, 200_000);
  });

  it('never confirms what did not grow at every one of the latest captures', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 12 }),
        (counts) => {
          const latest = counts.slice(-FAST.confirmObservations);
          const rose =
            latest.length === FAST.confirmObservations &&
            latest.every((count, i) => i === 0 || count > latest[i - 1]!);
          if (!rose) assert.notEqual(status(counts), 'confirmed');
        },
      ),
    );
  });
});
