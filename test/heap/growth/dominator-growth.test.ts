import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classTable } from '../../../src/heap/growth/class-key.js';
import { ClassNames } from '../../../src/heap/growth/class-names.js';
import { findAccumulationPoints } from '../../../src/heap/growth/dominator-growth.js';
import { naiveDominators, parseDrawing, randomHeap } from './random-heap.js';

const GRAPHS = 200;
const MAX_POINTS = 20;

/** The points, each with its class and those of its dominators, nearest first. */
async function pointsOf(drawing: string) {
  const snapshot = await parseDrawing(drawing);
  const heap = naiveDominators(snapshot);
  const table = classTable(snapshot, new ClassNames(snapshot, []));
  const classOf = (node: number) => table.keys[table.classOf[node]!]!.className;
  return findAccumulationPoints(heap, table).map((point) => {
    const dominators: string[] = [];
    for (let at = heap.idom[point.node]!; at !== 0; at = heap.idom[at]!) dominators.push(classOf(at));
    return { ...point, className: classOf(point.node), dominators };
  });
}

/** A store below a chain of holders, each of which has a little besides. */
const store = (id: string, entries: number, bytes = 100) => `
  app${id}: object App${id} 40
  config${id}: object Config 60
  store${id}: object Store${id} 24
  map${id}: object Map 32
  table${id}: array "" 400
  entry${id}*${entries}: object Session${id} ${bytes}
  root -property app${id}-> app${id}
  app${id} -property config-> config${id}
  app${id} -property store-> store${id}
  store${id} -property map-> map${id}
  map${id} -internal table-> table${id}
  table${id} -internal #+3-> entry${id}
`;

describe('the accumulation point of one heap', () => {
  it('is where no child has most of what a large object retains', async () => {
    const [point, ...others] = await pointsOf(store('', 50));
    assert.deepEqual(others, []);
    assert.equal(point?.className, '(array)');
    assert.deepEqual(point.dominators, ['Map', 'Store', 'App']);
    assert.equal(point.accumulatedBytes, 5400);
    assert.equal(point.share, 5400 / (5400 + 32 + 24 + 40 + 60));
  });

  it('tells the number and the classes of what it dominates', async () => {
    const [point] = await pointsOf(`${store('', 50)}
      text: string planted-secret 30
      table -internal 900-> text
    `);
    assert.equal(point?.dominated, 51);
    assert.deepEqual(
      point.dominatedClasses.map(({ className, count, retainedBytes }) => [className, count, retainedBytes]),
      [
        ['Session', 50, 5000],
        ['string', 1, 30],
      ],
    );
  });

  it('is found for each of two large stores below one object, however large the object is', async () => {
    const stores = `${store('A', 60)} ${store('B', 30)}`.replaceAll('root -property', 'global -property');
    const points = await pointsOf(`global: object global 40\nroot -shortcut 1-> global\n${stores}`);
    assert.deepEqual(
      points.map((point) => point.dominatedClasses[0]?.className),
      ['SessionA', 'SessionB'],
    );
    assert.ok(points.every(({ share }) => share > 0.3));
  });

  it('is the root when two holders share what accumulates', async () => {
    const [point] = await pointsOf(`
      one: object Map 32
      other: object Array 32
      entry*40: object Order 100
      root -property one-> one
      root -property other-> other
      one -element #-> entry
      other -element #-> entry
    `);
    assert.equal(point?.node, 0);
    assert.deepEqual(point.dominators, []);
    assert.deepEqual(point.dominatedClasses[0], {
      className: 'Order',
      location: null,
      shape: null,
      count: 40,
      retainedBytes: 4000,
    });
  });

  it('of a linked list is its head, with all of its bytes', async () => {
    const length = 150;
    const links = Array.from({ length: length - 1 }, (_, at) => `n${at} -property next-> n${at + 1}`);
    const [point, ...others] = await pointsOf(`
      queue: object Queue 24
      ${Array.from({ length }, (_, at) => `n${at}: object Job 40\nd${at}: object Data 60\nn${at} -property data-> d${at}`).join('\n')}
      root -property queue-> queue
      queue -property head-> n0
      ${links.join('\n')}
    `);
    assert.deepEqual(others, []);
    assert.equal(point?.className, 'Job');
    assert.equal(point.dominators[0], 'Queue');
    assert.ok(point.accumulatedBytes >= length * 100);
  });

  it('never claims a byte twice, and there are few of them, in any heap', async () => {
    for (let seed = 1; seed <= GRAPHS; seed++) {
      const snapshot = await randomHeap(seed);
      const heap = naiveDominators(snapshot);
      const points = findAccumulationPoints(heap, classTable(snapshot, new ClassNames(snapshot, [])));
      const total = heap.retainedSize[0]!;
      assert.ok(points.length <= MAX_POINTS, `seed ${seed}`);
      assert.equal(points.length > 0, total > 0, `seed ${seed}`);
      const claimed = points.reduce((sum, { accumulatedBytes }) => sum + accumulatedBytes, 0);
      assert.ok(claimed <= total + 1e-6, `seed ${seed}`);
      // What is not claimed lies in objects that leave themselves too little each.
      assert.ok(points.every(({ share }) => share >= 0.05));
    }
  });

  it('does not exist in an empty heap', async () => {
    assert.deepEqual(await pointsOf('nothing: object Object 16'), []);
  });
});
