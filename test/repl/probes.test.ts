import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeakwatchError } from '../../src/errors.js';
import type { Finding } from '../../src/findings/finding.js';
import type { RetainerStep } from '../../src/heap/naming/retainer-step.js';
import { ExposedRoots } from '../../src/repl/exposed-roots.js';
import { liveOwner } from '../../src/repl/live-owner.js';
import { Probes, type ProbesParts } from '../../src/repl/probes.js';
import { report } from '../report/report-fixture.js';
import { ManualClock } from '../support/manual-clock.js';

class Order {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
class OrderHistory {
  readonly byCustomer = new Map<string, Order>();
  readonly secret = 'never shown';
  get computed(): Map<string, Order> {
    return assert.fail('a getter was called');
  }
}

const history = new OrderHistory();
for (let id = 0; id < 5; id += 1) history.byCustomer.set(`customer ${id}`, new Order(id));
const step = (edge: string, node: string, edgeType: RetainerStep['edgeType'] = 'property'): RetainerStep => ({
  edge,
  edgeType,
  node,
  nodeType: 'object',
});
const PATH: readonly RetainerStep[] = [
  step('orders.js', '', 'root'),
  step('history', 'OrderHistory', 'variable'),
  step('byCustomer', 'Map'),
  step('entries', 'Order', 'entry'),
];
const finding: Finding = { ...report().findings[0]!, retainerPath: PATH };

function probesWith(changes: Partial<ProbesParts> = {}, roots = new ExposedRoots()): Probes {
  return new Probes({
    clock: new ManualClock(),
    roots,
    pauseBudgetMs: 60_000,
    findings: () => [finding],
    sample: () => null,
    usedBytes: () => 1e6,
    availableBytes: () => null,
    paused: () => {},
    ...changes,
  });
}

function exposing(values: Readonly<Record<string, unknown>>): ExposedRoots {
  const roots = new ExposedRoots();
  for (const [name, value] of Object.entries(values)) roots.expose(name, () => value);
  return roots;
}

describe('Exposed names', () => {
  it('are held with functions that return their values, until they are taken back', () => {
    const roots = new ExposedRoots();
    let value = 1;
    const remove = roots.expose('pool', () => value);
    value = 2;
    assert.deepEqual(roots.read('pool'), { value: 2 });
    remove();
    assert.deepEqual(roots.names, []);
    roots.expose('pool', () => 3);
    // A second call takes nothing back that another call exposed.
    remove();
    assert.deepEqual(roots.names, ['pool']);
  });

  it('do not keep a value alive that the program has let go', async () => {
    const roots = new ExposedRoots();
    const holder: { value: object | null } = { value: { large: true } };
    const kept = new WeakRef(holder.value!);
    roots.expose('cache', () => holder.value);
    roots.read('cache');
    holder.value = null;
    // The probe's own search runs a full GC, and a WeakRef holds until the turn is over.
    await new Promise((resolve) => setImmediate(resolve));
    probesWith({}, exposing({ Order })).live('Order');
    assert.equal(kept.deref(), undefined);
  });

  for (const name of [
    '',
    '1a',
    'a-b',
    'class',
    'await',
    'let',
    '$it',
    'undefined',
    'globalThis',
    'x'.repeat(65),
    'é b',
  ])
    it(`are names of variables: '${name.slice(0, 10)}' is refused`, () => {
      assert.throws(
        () => new ExposedRoots().expose(name, () => 1),
        (error) => error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_INVALID_OPTION',
      );
    });

  it('are 64 at most, each once, with a function', () => {
    const roots = new ExposedRoots();
    for (let at = 0; at < 64; at += 1) roots.expose(`name${at}`, () => at);
    for (const [name, get] of [
      ['one_more', () => 1],
      ['name1', () => 1],
      ['value', 1],
    ] as const)
      assert.throws(() => roots.expose(name, get as () => unknown), LeakwatchError);
  });

  it('of which the function throws have no value, and harm nothing', () => {
    const roots = new ExposedRoots();
    roots.expose('broken', () => {
      throw new Error('secret words');
    });
    const { exposed } = probesWith({}, roots).modules();
    assert.equal(exposed[0]!.className, null);
    assert.doesNotMatch(JSON.stringify(exposed), /secret/);
  });
});

describe('The live owner of a finding', () => {
  it('is found from an object on the path, by its class or by the name of its property', () => {
    for (const roots of [exposing({ anything: history }), exposing({ byCustomer: history.byCustomer })]) {
      const owner = liveOwner(PATH, roots);
      assert.ok(owner.found);
      assert.equal(owner.value, history.byCustomer);
    }
  });

  it('is found from the global object', () => {
    const path = [step('', 'globalThis', 'root'), step('shopHistory', 'OrderHistory'), ...PATH.slice(2)];
    Object.assign(globalThis, { shopHistory: history });
    const owner = liveOwner(path, new ExposedRoots());
    assert.deepEqual(owner, { found: true, value: history.byCustomer, via: 'globalThis' });
  });

  it('is not guessed', () => {
    const other = { byCustomer: [], class: 'of another class' };
    const getter = new (class OrderHistory {
      get byCustomer() {
        return assert.fail('a getter was called');
      }
    })();
    const proxy = new Proxy(history, { getPrototypeOf: () => assert.fail('a Proxy was asked') });
    const cases = [
      exposing({}),
      exposing({ orders: history.byCustomer }),
      exposing({ other }),
      exposing({ getter }),
      exposing({ proxy }),
    ];
    for (const roots of cases) {
      const owner = liveOwner(PATH, roots);
      assert.equal(owner.found, false);
    }
    assert.equal(liveOwner([], exposing({ history })).found, false);
  });
});

describe('The probe live', () => {
  it('counts the instances of a class that is exposed, a global, or reached through what is exposed', () => {
    for (const roots of [
      exposing({ Order }),
      exposing({ history }),
      exposing({ anything: [history.byCustomer] }),
    ]) {
      const counted = probesWith({}, roots).live('Order');
      assert.ok(counted !== null && 'count' in counted);
      assert.equal(counted.count, 5);
    }
    Object.assign(globalThis, { GlobalOrder: Order });
    assert.ok(probesWith().live('GlobalOrder') !== null);
  });

  it('knows no class that nothing leads to', () => {
    assert.equal(probesWith().live('Order'), null);
    for (const name of ['__proto__', 'process', 'NaN', 'undefined', ''])
      assert.equal(probesWith({}, exposing({ history })).live(name), null, name);
  });

  it('says when it stopped the service, and rests for 19 times as long', () => {
    const clock = new ManualClock();
    const pauses: number[] = [];
    // V8's search takes no time on this clock, so each reading moves it.
    const slow = {
      ...clock,
      now: () => clock.now(),
      after: clock.after.bind(clock),
      monotonicMs() {
        clock.advance(500);
        return clock.monotonicMs();
      },
    };
    const probes = probesWith(
      { clock: slow, paused: (fromMs, toMs) => void pauses.push(toMs - fromMs) },
      exposing({ Order }),
    );
    assert.ok('count' in probes.live('Order')!);
    assert.equal(pauses.length, 1);
    const again = probes.live('Order')!;
    assert.ok('refused' in again && again.refused === 'rest' && again.retryAfterMs > 0);
    clock.advance(pauses[0]! * 19);
    assert.ok('count' in probes.live('Order')!);
  });

  it('refuses what would stop the service for longer than its budget, or take too much memory', () => {
    const roots = exposing({ Order });
    for (const changes of [
      { pauseBudgetMs: 100, usedBytes: () => 500e6 },
      // The first count of a process, which nothing has been learned for: 20 ms a MB.
      { pauseBudgetMs: 990, usedBytes: () => 50e6 },
      { usedBytes: () => 500e6, availableBytes: () => 600e6 },
    ]) {
      const refused = probesWith(changes, roots).live('Order')!;
      assert.ok('refused' in refused && refused.refused === 'cost' && refused.reason !== '');
    }
    for (const name of ['Object', 'Array', 'Function']) {
      const refused = probesWith().live(name)!;
      assert.ok('refused' in refused && refused.refused === 'class', name);
    }
  });
});

describe('The probes handles, modules and leak', () => {
  it('count what is open by type', () => {
    const timer = setTimeout(() => {}, 1e6);
    const { total, types } = probesWith().handles();
    clearTimeout(timer);
    assert.ok((types['Timeout'] ?? 0) >= 1);
    assert.equal(total >= 1, true);
  });

  it('list what is exposed with its size, and what grows, without values', () => {
    const answer = probesWith({}, exposing({ history, text: 'never shown' })).modules();
    assert.deepEqual(answer.exposed, [
      {
        name: 'history',
        className: 'OrderHistory',
        size: null,
        unit: null,
        fields: [{ name: 'byCustomer', className: 'Map', size: 5, unit: 'entries' }],
        reason: null,
      },
      { name: 'text', className: 'String', size: 11, unit: 'characters', fields: [], reason: null },
    ]);
    assert.equal(answer.growing[0]!.finding, finding.id);
    assert.ok(answer.commonJsModules >= 0);
    assert.doesNotMatch(JSON.stringify(answer), /never shown|customer 1/);
  });

  it('show one finding with its path, its series, and how much its owner holds now', () => {
    const answer = probesWith({}, exposing({ history })).leak(finding.id)!;
    assert.deepEqual(answer.path, PATH);
    assert.deepEqual(answer.owner, {
      found: true,
      via: 'history',
      className: 'Map',
      size: 5,
      unit: 'entries',
    });
    assert.equal(probesWith().leak(finding.id)!.owner.found, false);
    assert.equal(probesWith().leak('lw-0000000000000000'), null);
  });

  it('never list the keys of a plain object, however many it has', () => {
    const dictionary = new Proxy({}, {});
    const { exposed } = probesWith({}, exposing({ plain: { a: new Map() }, dictionary })).modules();
    assert.deepEqual(
      exposed.map(({ size, fields }) => ({ size, fields })),
      [
        { size: null, fields: [] },
        { size: null, fields: [] },
      ],
    );
  });
});
