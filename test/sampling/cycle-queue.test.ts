import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CycleQueue, type CycleRecord } from '../../src/sampling/cycle-queue.js';

/** The n-th cycle, which begins n seconds after the clock started; no two end with the same figures. */
function record(n: number, kind: CycleRecord['kind'] = n % 3 === 0 ? 'major' : 'minor'): CycleRecord {
  return { kind, figures: { usedBytes: 1_000 + n, beforeBytes: 2_000 + n, oldBytes: 500 + n } };
}

/** Adds the records of cycles `from` to `to`, read half a second after the last of them. */
function addCycles(queue: CycleQueue, from: number, to: number): boolean {
  const profile = Array.from({ length: to - from + 1 }, (_, i) => record(from + i));
  return queue.add(profile, to * 1_000 + 500, to * 1_000 + 501);
}

/** The numbers of the cycles whose records the entries of cycles `from` to `to` get; null for none. */
function takeCycles(queue: CycleQueue, from: number, to: number): (number | null)[] {
  return Array.from({ length: to - from + 1 }, (_, i) => {
    const taken = queue.take(record(from + i).kind, (from + i) * 1_000);
    return taken === null ? null : taken.figures.usedBytes - 1_000;
  });
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

describe('the queue of cycle records', () => {
  it('gives every entry its own record, however profiles overlap and entries lag behind', () => {
    const steps = fc.array(fc.record({ length: fc.nat(12), overlap: fc.nat(3), lag: fc.nat(4) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(steps, (given) => {
        const queue = new CycleQueue();
        const taken: (number | null)[] = [];
        let recorded = 0;
        let previousLength = 0;
        for (const { length, overlap, lag } of given) {
          // What two profiles share are the last cycles of the one, as far as it has that many.
          const shared = Math.min(overlap, previousLength);
          assert.ok(addCycles(queue, recorded - shared, recorded + length - 1));
          previousLength = shared + length;
          recorded += length;
          taken.push(...takeCycles(queue, taken.length, Math.max(taken.length, recorded - lag) - 1));
        }
        assert.deepEqual(taken, numbers(0, taken.length - 1));
      }),
    );
  });

  it('refuses a record of another kind, and an entry without one', () => {
    const queue = new CycleQueue();
    addCycles(queue, 0, 0);
    assert.equal(queue.take('minor', 0), null);
    assert.deepEqual(takeCycles(queue, 0, 0), [0]);
    assert.equal(queue.take('minor', 100), null);
  });

  it('notices a record too many with the first entry after the profile was read', () => {
    const queue = new CycleQueue();
    queue.add([record(1), record(2), record(4)], 2_500, 2_501);
    queue.add([record(5)], 5_500, 5_501);
    assert.equal(queue.take('minor', 1_000)?.figures.usedBytes, 1_001);
    assert.equal(queue.take('minor', 2_000)?.figures.usedBytes, 1_002);
    assert.equal(queue.take('minor', 5_000), null);
  });

  it('draws no conclusion from a cycle that began while the profile was read', () => {
    const queue = new CycleQueue();
    queue.add([record(1), record(2)], 1_500, 2_500);
    queue.add([record(4)], 4_500, 4_501);
    assert.equal(queue.take('minor', 1_000)?.figures.usedBytes, 1_001);
    assert.equal(queue.take('minor', 2_000)?.figures.usedBytes, 1_002);
    assert.equal(queue.take('minor', 4_000)?.figures.usedBytes, 1_004);
  });

  it('says so when records pile up without entries, and begins anew when cleared', () => {
    const queue = new CycleQueue();
    assert.ok(addCycles(queue, 0, 10));
    assert.equal(addCycles(queue, 11, 5_000), false);
    queue.clear();
    assert.equal(queue.take('major', 0), null);
    assert.ok(addCycles(queue, 0, 2));
    assert.deepEqual(takeCycles(queue, 0, 2), [0, 1, 2]);
  });
});
