import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { type Evaluated, ExpressionContext, LIMITS } from '../../src/repl/expression-context.js';
import { previewText } from '../../src/repl/preview-text.js';
import { Redaction } from '../../src/repl/redaction.js';
import { keepAlive } from '../../src/runtime/clock.js';

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
const ENOUGH = { runMs: 20_000, waitMs: 20_000 };
const context = new ExpressionContext('leakwatch-test', roots, ENOUGH);
const limited = new ExpressionContext('leakwatch-test-limited', roots);
const evaluate = (expression: string) => context.evaluate(expression, 'read-only', shop.orders);

function textOf(evaluated: Evaluated): string {
  assert.ok('preview' in evaluated, JSON.stringify(evaluated));
  return previewText(evaluated.preview, redaction, false);
}

describe('An expression of the mode read-only', () => {
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
      const evaluated = await evaluate(expression);
      assert.equal(evaluated.outcome, 'value');
      assert.equal(textOf(evaluated), shown);
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
      const evaluated = await evaluate(`typeof ${name} === 'undefined' ? 'absent' : 'there'`);
      const inspectorsOwn = name === 'console.log' ? ['"there"', '"absent"'] : ['"absent"'];
      assert.ok(inspectorsOwn.includes(textOf(evaluated)), name);
    }
  });

  for (const expression of [
    '(() => { for (;;); })()',
    '/(a+)+b/.test("a".repeat(40))',
    '(() => { const list = []; for (;;) list.push([1]); })()',
  ]) {
    it(`ends what runs for too long: ${expression}`, async () => {
      assert.equal(LIMITS.runMs, 200);
      assert.deepEqual(await limited.evaluate(expression, 'read-only', null), { outcome: 'timeout' });
      assert.equal(textOf(await evaluate('1 + 1')), '2');
    });
  }

  it('reads what is exposed only if it names it, and says what cannot be read', async () => {
    let reads = 0;
    const remove = roots.expose('counted', () => {
      reads += 1;
      return reads;
    });
    await evaluate('1 + 1');
    assert.equal(reads, 0);
    assert.equal(textOf(await evaluate('counted + counted')), '2');
    remove();
    assert.equal((await evaluate('counted')).outcome, 'thrown');
    const evaluated = await evaluate('broken');
    assert.equal(evaluated.outcome, 'thrown');
    assert.doesNotMatch(textOf(evaluated), /secret/);
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
    const evaluated = await evaluate('nothing.there');
    assert.equal(evaluated.outcome, 'thrown');
    assert.equal(textOf(evaluated), 'ReferenceError {\n  message: "nothing is not defined"\n}');
  });

  it('copies nothing of a text but its beginning', async () => {
    const evaluated = await evaluate('"a".repeat(2 ** 24)');
    assert.ok(textOf(evaluated).endsWith(`${2 ** 24} characters`));
    assert.ok(JSON.stringify(evaluated).length < 1200);
  });
});

describe('An expression of the mode full', () => {
  const full = new ExpressionContext('leakwatch-test-full', roots);
  const run = (expression: string) => full.evaluate(expression, 'full', shop.orders);

  it('waits, assigns, and keeps its variables within the session', async () => {
    assert.deepEqual(await run('let kept = await Promise.resolve(4)'), { outcome: 'done' });
    assert.equal(textOf(await run('kept + 1')), '5');
    assert.equal(textOf(await run('shop.list[0] = 9')), '9');
    assert.equal(shop.list[0], 9);
    assert.equal(textOf(await run('answer = 42')), '42');
    assert.equal('answer' in globalThis, false);
    assert.equal((await evaluate('answer')).outcome, 'thrown');
    assert.equal(textOf(await run('await shop.total, made')), '1');
  });

  it('shows what was thrown or rejected', async () => {
    assert.equal((await run('await Promise.reject(new Error("later"))')).outcome, 'thrown');
    assert.equal((await run('throw new Error("now")')).outcome, 'thrown');
    assert.equal((await run('import("node:fs")')).outcome, 'thrown');
  });

  it('is no longer waited for after a time, and goes on', async () => {
    const patient = new ExpressionContext('leakwatch-test-waits', roots, { runMs: 20_000, waitMs: 20 });
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
    assert.deepEqual(await patient.evaluate('await gate; shop.count = 7', 'full', null), {
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
