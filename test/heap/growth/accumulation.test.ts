import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inClass, namesOf } from '../../support/holder.js';
import { analyzeDrawings, growing } from '../drawn-analysis.js';

const array = (n: number) => `
  global: object global 40
  list: object Array 32
  order*${n}: object Order 24
  item*${n}: object Item 64
  root -shortcut 1-> global
  global -property orders-> list
  list -element #-> order
  order -property item-> item
`;

describe('accumulation points', () => {
  it('are the topmost growing ones: what the members hold is not another suspect', async () => {
    const result = await growing(array);
    assert.deepEqual(
      result.suspects.map(({ className }) => className),
      ['Order'],
    );
    assert.deepEqual(
      result.suspects[0]!.steps.map(({ bytes }) => bytes),
      [8800, 17600, 26400],
    );
    assert.equal(result.suspects[0]!.risingSteps, 2);
  });

  it('need two rising steps, so nothing is said of two snapshots', async () => {
    assert.deepEqual((await analyzeDrawings([array(100), array(200)])).suspects, []);
  });

  it('end when a step does not rise', async () => {
    const result = await analyzeDrawings([100, 200, 300, 300].map(array));
    assert.deepEqual(result.suspects, []);
  });

  it('are not made of a handful of objects', async () => {
    assert.deepEqual((await analyzeDrawings([5, 6, 7].map(array))).suspects, []);
  });

  it('lie in the inner collection when the outer one gains only a few', async () => {
    const nested = (users: number, orders: number) => `
      global: object global 40
      users: object Array 32
      user*${users}: object User 40
      list: object Array 32
      order*${orders}: object Order 24
      root -shortcut 1-> global
      global -property users-> users
      users -element #-> user
      user -property orders-> list
      list -element #-> order
    `;
    const drawings = [nested(3, 1000), nested(4, 2000), nested(5, 3000)];
    const [first] = (await analyzeDrawings(drawings)).suspects;
    assert.equal(first?.className, 'Order');
  });

  it('are the content of lists that objects of one kind each have, not the number of lists', async () => {
    const result = await growing(
      (n) => `
      global: object global 40
      log: object Logger 40
      list: object Array 32
      child*${n}: object Logger 40
      empty*${n}: object Array 32
      root -shortcut 1-> global
      global -property log-> log
      log -property children-> list
      list -element #-> child
      child -property children-> empty
    `,
    );
    const [first, ...rest] = result.suspects;
    assert.deepEqual(rest, []);
    assert.deepEqual(first?.holder, inClass('Logger.children'));
    assert.equal(first?.className, 'Logger');
    assert.deepEqual(
      first?.steps.map(({ count }) => count),
      [100, 200, 300],
    );
  });

  it('are told apart from the rest of the growth by their share', async () => {
    const two = (n: number) => `${array(n)}
      other: object Array 32
      log*${n}: object Log 264
      global -property logs-> other
      other -element #-> log
    `;
    const result = await growing(two);
    assert.deepEqual(
      result.suspects.map(({ className, shareOfGrowth }) => [className, shareOfGrowth]),
      [
        ['Log', 0.75],
        ['Order', 0.25],
      ],
    );
  });

  it('are found in a collection whose members another one reaches first', async () => {
    const shared = (n: number) => `
      global: object global 40
      first: object Array 32
      second: object Array 32
      order*${n}: object Order 24
      root -shortcut 1-> global
      global -property first-> first
      global -property second-> second
      first -element #-> order
      second -element #-> order
    `;
    const { suspects } = await growing(shared);
    assert.deepEqual(
      suspects.map((suspect) => [suspect.className, namesOf(suspect)]),
      [['Order', ['globalThis.first', ['globalThis.second']]]],
    );
  });
});
