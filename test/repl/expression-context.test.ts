import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CopyJobs } from '../../src/capture/copy-jobs.js';
import type { Evaluated } from '../../src/repl/evaluated.js';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { ExpressionContext } from '../../src/repl/expression-context.js';
import { previewText } from '../../src/repl/preview-text.js';
import { Redaction } from '../../src/repl/redaction.js';
import { keepAlive } from '../../src/runtime/clock.js';
import { copies, noCopies } from './copies.js';

class Order {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

/** A program's state, with everything that could go wrong when it is looked at. */
class Shop {
  readonly orders = new Map([1, 2, 3].map((id) => [id, new Order(id)]));
  readonly list = [3, 1, 2];
  readonly trapped = new Proxy({}, { get: () => note('trap'), ownKeys: () => note('trap') as never });
  readonly pure = new Proxy({ size: 7 }, {});
  readonly bytes = new Uint8Array(2);
  count = 0;
  get total(): number {
    return note('getter') ?? 0;
  }
  get size(): number {
    return this.orders.size;
  }
  add(): void {
    this.count += 1;
  }
}
export const exportedList = [1, 2];
const notes: string[] = [];
function note(what: string): undefined {
  notes.push(what);
}

const shop = new Shop();
const roots = new ExposedRoots();
roots.expose('shop', () => shop);
roots.expose('host', () => process);
roots.expose('made', () => 1);
roots.expose('broken', () => {
  throw new Error('secret words');
});
const redaction = new Redaction({});
/** What is not about the limit of time has enough of it, on a busy machine as well. */
const ENOUGH = { runMs: 20_000, copyMs: 20_000, waitMs: 20_000 };
const context = new ExpressionContext('leakwatch-test', roots, copies, ENOUGH);
const limited = new ExpressionContext('leakwatch-test-limited', roots, copies);
async function evaluated(
  expression: string,
  mode: 'read-only' | 'full' = 'read-only',
  where = context,
): Promise<Evaluated> {
  const end = await where.evaluate(expression, mode, shop.orders, () => {});
  assert.ok('outcome' in end, JSON.stringify(end));
  return end;
}
const evaluate = (expression: string) => evaluated(expression);

function textOf(end: Evaluated): string {
  assert.ok('preview' in end, JSON.stringify(end));
  return previewText(end.preview, redaction, false);
}

describe('An expression of the mode read-only', { skip: noCopies }, () => {
  for (const [expression, shown] of [
    ['1 + 1', '2'],
    ['shop.orders.size', '3'],
    ['shop.size', '3'],
    ['shop.pure.size', '7'],
    ['[...shop.orders.values()].filter(({ id }) => id > 1).length', '2'],
    ['(() => { const own = []; own.push(1); return own.length; })()', '1'],
    ['{ a: 1 }', 'Object {\n  a: 1\n}'],
    ['$it === shop.orders', 'true'],
    ['"a" // a comment', '"a"'],
  ] as const) {
    it(`reads: ${expression}`, async () => {
      const answer = await evaluate(expression);
      assert.equal(answer.outcome, 'value');
      assert.equal(textOf(answer), shown);
    });
  }

  for (const expression of [
    'shop.count = 1',
    'shop.add()',
    'delete shop.orders',
    'shop.orders.clear()',
    'shop.list.sort()',
    'shop.list.push(4)',
    'Object.defineProperty(shop, "x", { value: 1 })',
    'Reflect.set(shop, "count", 2)',
    '(() => { try { shop.count = 1; } catch {} return 1; })()',
    'x = 1',
    'globalThis.x = 1',
    'shop.total',
    'shop.trapped.x',
    'Object.keys(shop.trapped)',
    'host.exit()',
    'host.kill(host.pid)',
    'host.nextTick(() => host.exit())',
    'import("node:fs")',
    'shop.constructor.constructor("return process")()',
    'eval("1")',
    'Promise.resolve().then(() => host.exit())',
    '(async () => { await null; shop.count = 1; })()',
    'new FinalizationRegistry(() => host.exit()).register({}, 1)',
    'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
  ]) {
    it(`refuses: ${expression}`, async () => {
      assert.deepEqual(await evaluate(expression), { outcome: 'refused' });
    });
  }

  it('left nothing changed by what was refused', async () => {
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual({ count: shop.count, list: shop.list, notes }, { count: 0, list: [3, 1, 2], notes: [] });
    assert.equal(shop.orders.size, 3);
    assert.equal('x' in globalThis, false);
  });

  it('has no names but the language, $it and what is exposed', async () => {
    for (const name of ['process', 'require', 'module', 'fetch', 'Buffer', 'setTimeout', 'console.log']) {
      const answer = await evaluate(`typeof ${name} === 'undefined' ? 'absent' : 'there'`);
      const inspectorsOwn = name === 'console.log' ? ['"there"', '"absent"'] : ['"absent"'];
      assert.ok(inspectorsOwn.includes(textOf(answer)), name);
    }
  });

  for (const [expression, outcome] of [
    ['(() => { for (;;); })()', 'timeout'],
    ['/(a+)+b/.test("a".repeat(40))', 'timeout'],
    ['(() => { const list = []; for (;;) list.push(new Array(1e6)); })()', 'failed'],
  ] as const) {
    it(`ends in its copy what takes too much: ${expression}`, async () => {
      let isOver = false;
      let turns = 0;
      const ended = evaluated(expression, 'read-only', outcome === 'failed' ? context : limited);
      ended.finally(() => {
        isOver = true;
      });
      while (!isOver) {
        turns += 1;
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.equal((await ended).outcome, outcome);
      assert.ok(turns > 100, 'the service goes on meanwhile');
      assert.equal(textOf(await evaluate('1 + 1')), '2');
    });
  }

  for (const expression of [
    '(() => { const own = [1]; own.constructor = { [Symbol.species]: function () { return shop.list; } }; return own.map(() => "planted"); })()',
    'Uint8Array.of.call(function () { return shop.bytes; }, 9, 9)',
    '(() => { const Made = $leakwatch.constructor; const own = [1]; own.constructor = { [Symbol.species]: function () { return Made.prototype; } }; return own.map(() => "planted"); })()',
  ]) {
    it(`changes only its copy where V8 does not see that it writes: ${expression}`, async () => {
      assert.notEqual((await evaluate(expression)).outcome, 'refused');
      assert.deepEqual(
        [shop.list, [...shop.bytes]],
        [
          [3, 1, 2],
          [0, 0],
        ],
      );
      assert.equal(0 in Function.prototype, false);
    });
  }

  it('does not hold up the service with the keys of a large object, in the mode full neither', async () => {
    const wide: Record<string, number> = {};
    for (let i = 0; i < 300_000; i += 1) wide[`key${i}`] = i;
    const remove = roots.expose('wide', () => wide);
    let made = 0;
    const counted: CopyJobs = {
      run(job) {
        made += 1;
        return copies.run(job);
      },
    };
    const where = new ExpressionContext('leakwatch-test-wide', roots, counted, ENOUGH);
    for (const mode of ['read-only', 'full'] as const)
      assert.match(textOf(await evaluated('wide', mode, where)), /… 299950 more/);
    remove();
    assert.equal(made, 2, 'only copies list them');
  });

  it('reads what is exposed only if it names it, and says what cannot be read', async () => {
    let reads = 0;
    const remove = roots.expose('counted', () => {
      reads += 1;
      return reads;
    });
    assert.equal(textOf(await evaluate('counted')), '1');
    assert.equal(reads, 0, 'it is read in the copy');
    assert.equal(textOf(await evaluate('counted + counted')), '2');
    remove();
    assert.equal((await evaluate('counted')).outcome, 'thrown');
    const answer = await evaluate('broken');
    assert.equal(answer.outcome, 'thrown');
    assert.doesNotMatch(textOf(answer), /secret/);
  });

  it('reads what a module exports', async () => {
    roots.expose('exported', () => exportedList);
    assert.equal(textOf(await evaluate('exported.length')), '2');
  });

  it('survives a stack that overflows', async () => {
    const { outcome } = await evaluate('(function deeper() { deeper(); })()');
    assert.equal(outcome, 'thrown');
  });

  for (const expression of [
    '1), (2',
    '[1, 2',
    'let a = 1',
    'throw 1',
    'for (;;) {}',
    'await 1',
    '})(',
    '/*',
  ]) {
    it(`does not run what is no expression: ${expression}`, async () => {
      assert.equal((await evaluate(expression)).outcome, 'syntax');
    });
  }

  it('shows what was thrown, without a stack', async () => {
    const answer = await evaluate('nothing.there');
    assert.equal(answer.outcome, 'thrown');
    assert.equal(textOf(answer), 'ReferenceError {\n  message: "nothing is not defined"\n}');
  });

  it('copies nothing of a text but its beginning', async () => {
    const answer = await evaluate('"a".repeat(2 ** 24)');
    assert.ok(textOf(answer).endsWith(`${2 ** 24} characters`));
    assert.ok(JSON.stringify(answer).length < 1200);
  });
});

describe('An expression of the mode full', () => {
  const full = new ExpressionContext('leakwatch-test-full', roots, copies);
  const run = (expression: string) => evaluated(expression, 'full', full);

  it('waits, assigns, and keeps its variables within the session', async () => {
    assert.deepEqual(await run('let kept = await Promise.resolve(4)'), { outcome: 'done' });
    assert.equal(textOf(await run('kept + 1')), '5');
    assert.equal(textOf(await run('shop.list[0] = 9')), '9');
    assert.equal(shop.list[0], 9);
    assert.equal(textOf(await run('answer = 42')), '42');
    assert.equal('answer' in globalThis, false);

    assert.equal(textOf(await run('await shop.total, made')), '1');
  });

  it('shows what was thrown or rejected', async () => {
    assert.equal((await run('await Promise.reject(new Error("later"))')).outcome, 'thrown');
    assert.equal((await run('throw new Error("now")')).outcome, 'thrown');
    assert.equal((await run('import("node:fs")')).outcome, 'thrown');
  });

  it('is no longer waited for after a time, and goes on', async () => {
    const patient = new ExpressionContext('leakwatch-test-waits', roots, copies, { ...ENOUGH, waitMs: 20 });
    let finish = () => {};
    roots.expose(
      'gate',
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    // The watcher's own timers keep no process alive.
    const alive = keepAlive();
    assert.deepEqual(await evaluated('await gate; shop.count = 7', 'full', patient), {
      outcome: 'pending',
    });
    alive.cancel();
    finish();
    await new Promise((resolve) => setImmediate(resolve));
    shop.count = 0;
  });

  it('ends what runs for too long before it waits', async () => {
    assert.deepEqual(await run('for (;;) {}'), { outcome: 'timeout' });
    assert.deepEqual(await run('(() => { for (;;); })()'), { outcome: 'timeout' });
    assert.equal((await run('[1, 2')).outcome, 'syntax');
  });
});
