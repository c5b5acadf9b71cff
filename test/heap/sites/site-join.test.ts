import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinSites, matchSites } from '../../../src/heap/sites/site-join.js';
import { placeSite } from '../../../src/heap/sites/suspect-sources.js';
import type { RawFrame } from '../../../src/heap/sources/code-place.js';
import { ScriptMaps } from '../../../src/heap/sources/script-maps.js';
import { suspectWith } from '../../support/suspect.js';

const MB = 2 ** 20;

function frame(name: string, url: string, line = 1, column = 1): RawFrame {
  return { function: name, url, line, column };
}

function site(growthBytes: number, ...[first, ...callers]: [RawFrame, ...RawFrame[]]) {
  return placeSite({ ...first, liveBytes: growthBytes, growthBytes, callers }, new ScriptMaps());
}

const APP = 'file:///app/shop.js';
const LIBRARY = 'file:///app/node_modules/lru-cache/index.js';
const order = { ...frame('Order', APP, 10, 3) };
const suspect = (change: Parameters<typeof suspectWith>[1]) =>
  suspectWith([1, 2, 3], { gainedBytes: 10 * MB, ...change });

const rules = (...[suspects, sites]: Parameters<typeof matchSites>) =>
  matchSites(suspects, sites).map(({ suspect, rule, placed }) => [suspect, rule, placed.site.function]);

describe('An allocation site belongs to the suspect', () => {
  it('whose members the function makes, or are of the class it constructs', () => {
    const other = suspect({ className: 'Visit', locations: [frame('Visit', APP, 90)] });
    const suspects = [other, suspect({ locations: [order] })];
    assert.deepEqual(rules(suspects, [site(MB, order, frame('handle', APP, 80))]), [
      [1, 'function', 'Order'],
    ]);
    const byClass = [other, suspect({ className: 'Order' })];
    assert.deepEqual(rules(byClass, [site(MB, frame('Order', 'file:///app/order.js'))]), [
      [1, 'class', 'Order'],
    ]);
  });

  it('whose closures are defined nearest behind the function', () => {
    const suspects = [
      suspect({ className: 'function', locations: [frame('function', APP, 22)] }),
      suspect({ className: 'function', locations: [frame('function', APP, 72)] }),
    ];
    const sites = [site(2 * MB, frame('subscribe', APP, 70)), site(MB, frame('onRequest', APP, 20))];
    assert.deepEqual(rules(suspects, sites), [
      [1, 'file', 'subscribe'],
      [0, 'file', 'onRequest'],
    ]);
  });

  it('whose variable is of the script', () => {
    const scope = (node: string) =>
      ({ edge: 'module scope', edgeType: 'root', node, nodeType: 'other' }) as const;
    const entry = { edge: '[]', edgeType: 'entry', node: 'Object', nodeType: 'object' } as const;
    const suspects = [
      suspect({ className: 'Object', retainerPath: [scope('app/other.js'), entry] }),
      suspect({ className: 'Object', retainerPath: [scope('app/shop.js'), entry] }),
    ];
    assert.deepEqual(rules(suspects, [site(MB, frame('remember', APP, 5))]), [[1, 'scope', 'remember']]);
  });

  it('which the package of its stack holds', () => {
    const suspects = [
      suspect({ className: 'Object' }),
      suspect({ className: 'Object', package: { name: 'lru-cache', version: null } }),
    ];
    const found = rules(suspects, [site(MB, frame('set', LIBRARY), frame('handle', APP, 80))]);
    assert.deepEqual(found, [[1, 'package', 'set']]);
  });

  it('which has most growth left to explain, where code says the same of several', () => {
    const here = [frame('function', APP, 40)];
    const suspects = [
      suspect({ className: 'Object', locations: here, gainedBytes: 2 * MB }),
      suspect({ className: 'Object', locations: here, gainedBytes: 8 * MB }),
    ];
    const sites = [site(7 * MB, frame('big', APP, 39)), site(2 * MB, frame('small', APP, 39))];
    assert.deepEqual(rules(suspects, sites), [
      [1, 'file', 'big'],
      [0, 'file', 'small'],
    ]);
  });

  it('and to another as well, where it is more than the first one gained', () => {
    const suspects = [
      suspect({ className: 'Object', locations: [frame('function', APP, 50)], gainedBytes: 6 * MB }),
      suspect({ className: 'Object', locations: [frame('function', APP, 90)], gainedBytes: 4 * MB }),
    ];
    assert.deepEqual(rules(suspects, [site(10 * MB, frame('handle', APP, 40))]), [
      [0, 'file', 'handle'],
      [1, 'file', 'handle'],
    ]);
    assert.deepEqual(rules(suspects, [site(6 * MB, frame('handle', APP, 40))]).length, 1);
  });

  it('which has a like part of the growth, where code says nothing', () => {
    const suspects = [
      suspect({ className: 'Object', gainedBytes: 2 * MB }),
      suspect({ className: 'Object', gainedBytes: 8 * MB }),
    ];
    const far = 'file:///app/far.js';
    const sites = [site(7 * MB, frame('big', far)), site(3 * MB, frame('small', far))];
    assert.deepEqual(rules(suspects, sites), [
      [1, 'amount', 'big'],
      [0, 'amount', 'small'],
    ]);
    const unlike = [site(90 * MB, frame('other', far)), site(10 * MB, frame('more', far))];
    assert.deepEqual(
      rules([suspect({ gainedBytes: MB }), suspect({ gainedBytes: 9 * MB, artefact: 'v8-memory' })], unlike),
      [],
    );
  });
});

describe('A suspect with sites', () => {
  it('tells each place once, most growth first, and at most four', () => {
    const sites = [5, 4, 3, 2, 1, 6].map((line) =>
      site(line * MB, frame(`f${line % 5}`, APP, line % 5), frame(`caller${line}`, APP, 100)),
    );
    const [joined] = joinSites([suspect({ locations: [frame('function', APP, 50)] })], sites);
    assert.deepEqual(
      joined?.sites?.map(({ function: name, growthBytes }) => [name, growthBytes / MB]),
      [
        ['f1', 7],
        ['f0', 5],
        ['f4', 4],
        ['f3', 3],
      ],
    );
  });

  it("names the first place in the program's own code, past packages and Node", () => {
    const held = suspect({ className: 'Object', package: { name: 'lru-cache', version: null } });
    const [joined] = joinSites(
      [held],
      [site(MB, frame('set', LIBRARY), frame('emit', 'node:events'), frame('handle', APP, 80, 4))],
    );
    assert.deepEqual(joined?.yours, frame('handle', APP, 80, 4));
    assert.equal(joined?.sites?.[0]?.package, 'lru-cache');
  });

  it('names where the members are defined, where no site says more', () => {
    const [joined] = joinSites([suspect({ locations: [frame('add', LIBRARY), order] })], []);
    assert.deepEqual(joined?.yours, order);
    assert.equal(joined?.sites, undefined);
    const [none] = joinSites([suspect({ locations: [frame('add', LIBRARY)] })], []);
    assert.equal(none?.yours, null);
  });
});
