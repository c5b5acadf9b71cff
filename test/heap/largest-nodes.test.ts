import assert from 'node:assert/strict';
import { it } from 'node:test';
import { largestNodes } from '../../src/heap/largest-nodes.js';
import { seededRandom } from '../support/seeded-random.js';

it('the largest nodes are the first of all nodes in order, for any count and any weights', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 300; round++) {
    const weight = Float64Array.from({ length: random.below(60) }, () => random.below(12));
    const count = random.below(20);
    const accepts = (node: number) => node % 3 !== round % 3;
    const sorted = [...weight.keys()].filter(accepts).sort((a, b) => weight[b]! - weight[a]! || a - b);
    assert.deepEqual(largestNodes(weight, count, accepts), sorted.slice(0, count));
  }
});
