import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { labelRules } from '../../../src/heap/graph/label-rules.js';
import { leakShares, MAX_LEAK_ROOTS } from '../../../src/heap/growth/leak-share.js';
import { type HeapSnapshot, sizeOf } from '../../../src/heap/snapshot/heap-snapshot.js';
import { seededRandom } from '../../support/seeded-random.js';
import { parseDrawing, randomHeap, reachable } from './random-heap.js';

const GRAPHS = 300;

/** Nodes in the order they are drawn; the root is node 0. */
async function sharesOf(drawing: string, roots: readonly (readonly number[])[]) {
  const snapshot = await parseDrawing(drawing);
  const { shareBytes, exclusiveBytes } = leakShares(snapshot, labelRules(snapshot), roots);
  return { shareBytes: [...shareBytes], exclusiveBytes: [...exclusiveBytes] };
}

/** By the definition: sets of what is reachable, compared node by node. */
function naiveShares(snapshot: HeapSnapshot, roots: readonly (readonly number[])[]) {
  const members = new Set(roots.flat());
  const notLeaked = reachable(snapshot, [0], members);
  const reached = roots.map((nodes) => reachable(snapshot, nodes, notLeaked));
  const shareBytes = roots.map(() => 0);
  const exclusiveBytes = roots.map(() => 0);
  for (let node = 0; node < snapshot.nodeCount; node++) {
    const by = [...roots.keys()].filter((root) => reached[root]!.has(node));
    for (const root of by) {
      shareBytes[root]! += sizeOf(snapshot, node) / by.length;
      if (by.length === 1) exclusiveBytes[root]! += sizeOf(snapshot, node);
    }
  }
  return { shareBytes, exclusiveBytes };
}

describe('LeakShare', () => {
  it('splits what several growing roots reach equally, and gives each what it alone reaches', async () => {
    const drawing = `
      one: object Cache 100
      other: object Cache 200
      own: object Entry 30
      shared: object Config 80
      root -property a-> one
      root -property b-> other
      one -property own-> own
      one -property shared-> shared
      other -property shared-> shared
    `;
    assert.deepEqual(await sharesOf(drawing, [[1], [2]]), {
      shareBytes: [170, 240],
      exclusiveBytes: [130, 200],
    });
  });

  it('gives nobody what is reachable without a growing root', async () => {
    const drawing = `
      leak: object Session 10
      app: object App 1000
      root -property leak-> leak
      root -property app-> app
      leak -property app-> app
      app -property current-> leak
    `;
    assert.deepEqual(await sharesOf(drawing, [[1]]), { shareBytes: [10], exclusiveBytes: [10] });
  });

  it('does not follow weak edges, nor the edge from a WeakMap to a value whose key holds it', async () => {
    const name = '3 / part of key (Key @5) -> value (Value @7) pair in WeakMap (table @9)';
    const drawing = `
      leak: object Session 10
      table: array "" 20
      value: object Value 400
      seen: object Seen 5000
      root -property leak-> leak
      leak -internal table-> table
      table -internal ${name}-> value
      leak -weak seen-> seen
    `;
    assert.deepEqual(await sharesOf(drawing, [[1]]), { shareBytes: [30], exclusiveBytes: [30] });
  });

  it('is exact on random graphs, also when its stack has room for one node only', async () => {
    let shared = 0;
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const snapshot = await randomHeap(seed);
      const random = seededRandom(seed + GRAPHS);
      const roots = Array.from({ length: 1 + random.below(4) }, () =>
        Array.from({ length: random.below(4) }, () => 2 + random.below(snapshot.nodeCount - 2)),
      );
      const expected = naiveShares(snapshot, roots);
      for (const stackNodes of [1, 1000]) {
        const found = leakShares(snapshot, labelRules(snapshot), roots, null, stackNodes);
        for (const root of roots.keys()) {
          assert.ok(Math.abs(found.shareBytes[root]! - expected.shareBytes[root]!) < 1e-6, `seed ${seed}`);
          assert.equal(found.exclusiveBytes[root], expected.exclusiveBytes[root], `seed ${seed}`);
          if (found.shareBytes[root]! > found.exclusiveBytes[root]!) shared++;
        }
      }
    }
    assert.ok(shared > GRAPHS / 4, 'many of the graphs have something to share');
  });

  it('gives all bytes that only growing roots reach to one or the other', async () => {
    const chain = Array.from({ length: 30 }, (_, index) => `c${index}: object C 10`).join('\n');
    const edges = Array.from({ length: 29 }, (_, index) => `c${index} -property next-> c${index + 1}`).join(
      '\n',
    );
    const drawing = `${chain}\n${edges}\nroot -property first-> c0`;
    const roots = Array.from({ length: MAX_LEAK_ROOTS }, (_, index) => [index + 1]);
    const { shareBytes, exclusiveBytes } = await sharesOf(drawing, roots);
    assert.equal(Math.round(shareBytes.reduce((sum, bytes) => sum + bytes, 0)), 300);
    // The last one is reached by all thirty.
    assert.equal(shareBytes.at(-1), 10 / MAX_LEAK_ROOTS);
    assert.deepEqual([exclusiveBytes[0], exclusiveBytes[1]], [10, 0]);
  });

  it('refuses more roots than it has bits for', async () => {
    const roots = Array.from({ length: MAX_LEAK_ROOTS + 1 }, () => [1]);
    await assert.rejects(sharesOf('a: object A 8\nroot -property a-> a', roots), RangeError);
  });
});
