import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createContext, runInContext } from 'node:vm';
import {
  CHILD_EXIT,
  GRAPH_PROBLEMS,
  type GraphPlan,
  type GraphProblem,
} from '../../../src/native/binding.js';
import { childrenLeft, unavailable } from '../forked-job.js';
import { readRaw } from './raw-snapshot.js';
import { writeOnce } from './two-writers.js';

/** Objects that a WeakMap alone holds would be gone; these must be held and yet not be found, or the other way round. */
const held = { held: 'by this module' };

/** The check that made the writer give up, and what it had written until then. */
async function problemOf(change: (plan: GraphPlan) => GraphPlan): Promise<[GraphProblem | null, string]> {
  const { end, words, output } = await writeOnce(change);
  assert.equal(end.exitCode, CHILD_EXIT.graph);
  return [GRAPH_PROBLEMS[words.graph.problem] ?? null, output];
}

const FAULTS: readonly (readonly [string, GraphProblem, (plan: GraphPlan) => GraphPlan])[] = [
  [
    'a planted object is not found',
    'strong-missing',
    (plan) => ({ ...plan, strong: plan.strong.set({ unheld: true }, 1) }),
  ],
  ['a weak reference holds', 'weak-held', (plan) => ({ ...plan, weak: plan.weak.set(held, 1) })],
  ['a WeakRef holds', 'weak-held', (plan) => ({ ...plan, refs: [new WeakRef(held)] })],
  ['a name is missing', 'names', (plan) => ({ ...plan, named: [{ other: held }, held] })],
  ['V8 uses more than was found', 'sum', (plan) => ({ ...plan, usedBytes: plan.usedBytes * 2 })],
  ['more was found than V8 uses', 'sum', (plan) => ({ ...plan, usedBytes: plan.usedBytes / 2 })],
  [
    'a sample is not what it should be',
    'layout',
    (plan) => ({ ...plan, samples: { ...plan.samples, map: new Set() as unknown as Map<unknown, unknown> } }),
  ],
];

describe('The native writer gives up before it writes', { skip: unavailable }, () => {
  for (const [what, problem, change] of FAULTS) {
    it(`where ${what}`, async () => assert.deepEqual(await problemOf(change), [problem, '']));
  }

  it('and leaves no child behind', () => assert.deepEqual(childrenLeft(), []));
});

/** How many objects of a class are in a snapshot. */
function countOf(output: string, className: string): number {
  const raw = readRaw(Buffer.from(output));
  const nodes = Array.from({ length: raw.nodeCount }, (_, node) => node);
  return nodes.filter((node) => raw.typeOf(node) === 'object' && raw.nameOf(node) === className).length;
}

describe('What only weak things lead to is not in a graph that is written natively', {
  skip: unavailable,
}, () => {
  class OnlyWeakly {
    readonly mark: string;
    constructor(mark: string) {
      this.mark = mark;
    }
  }
  class StronglyHeld {
    readonly mark: string;
    constructor(mark: string) {
      this.mark = mark;
    }
  }
  const registry = new FinalizationRegistry<StronglyHeld>(() => {});
  const weakMap = new WeakMap<object, object>();

  it('by a WeakMap and a FinalizationRegistry, while what they and vm contexts hold strongly is', async () => {
    const key = { key: true };
    weakMap.set(key, new StronglyHeld('value of a key that is held'));
    const context = createContext({ inside: new StronglyHeld('in a context that is held') });
    runInContext('globalThis.made = { inside }', context);
    const { output, end } = await writeOnce((plan) => {
      // Behind the full GC, so that only the walk decides.
      new WeakMap([[new OnlyWeakly('key'), new OnlyWeakly('value')]]);
      weakMap.set(new OnlyWeakly('key of a WeakMap that is held'), new OnlyWeakly('its value'));
      registry.register(
        new OnlyWeakly('registered'),
        new StronglyHeld('in the registry'),
        new OnlyWeakly('token'),
      );
      return plan;
    });
    assert.equal(end.exitCode, CHILD_EXIT.done);
    assert.deepEqual([countOf(output, 'StronglyHeld'), countOf(output, 'OnlyWeakly')], [3, 0]);
    assert.ok(weakMap.has(key));
  });

  it('by WeakMaps that hold the keys of others in long chains, as private fields do that are compiled away', async () => {
    class Link {}
    class Loose {}
    const LINKS = 2000;
    // One chain goes from map to map, the other through a map that only the first one holds.
    const maps = [new WeakMap<object, object>(), new WeakMap<object, object>()];
    const chain = (first: object, make: () => object): object => {
      let last = first;
      for (let link = 0; link < LINKS; link++) {
        const next = make();
        maps[link % maps.length]!.set(last, next);
        last = next;
      }
      return last;
    };
    const key = new Link();
    const inner = new WeakMap<object, object>();
    const second = new Link();
    const { output, end } = await writeOnce((plan) => {
      const last = chain(key, () => new Link());
      maps[0]!.set(last, [inner, second]);
      inner.set(second, new Link());
      inner.set(new Loose(), new Loose());
      chain(new Loose(), () => new Loose());
      return plan;
    });
    assert.equal(end.exitCode, CHILD_EXIT.done);
    assert.deepEqual([countOf(output, 'Link'), countOf(output, 'Loose')], [LINKS + 3, 0]);
  });
});
