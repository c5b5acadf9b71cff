import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ReasonFacts } from '../../src/findings/reason.js';
import { reasonText, untilText } from '../../src/wording/reason-text.js';

/** The sentence, and what would change the verdict. */
function words(facts: ReasonFacts, speaksFor = false): [string, string | null] {
  const reason = { ...facts, speaksFor };
  return [reasonText(reason), untilText(reason)];
}

describe('The reasons of a path', () => {
  it('say how often it grew, and how much more is needed', () => {
    const grew = (stillCaptures: number, missing: number) =>
      words({
        rule: 'persistence',
        says: 'grew',
        numbers: { observations: 4, spanMs: 30_000, stillCaptures },
        missing,
      });
    assert.deepEqual(grew(0, 0), ['grew at every one of 4 captures over 30 s', null]);
    assert.deepEqual(grew(1, 2), [
      'grew at 4 of 5 captures over 30 s and lost none; to be confirmed it must grow at 2 more captures',
      'to be confirmed it must grow at 2 more captures',
    ]);
  });

  it('say for how much longer it must grow, and why', () => {
    const numbers = { spanMs: 70_000, neededMs: 600_000 };
    const brief = (mechanism: 'sockets' | null) =>
      words({ rule: 'duration', says: 'path', numbers, mechanism });
    const until = 'to be confirmed it must grow for 9 min more';
    assert.deepEqual(brief(null), [until, until]);
    assert.deepEqual(brief('sockets'), [
      `${until}, since the number of connections also depends on the other side`,
      until,
    ]);
  });

  it('say how large a part of all growth it is, and how much it gained', () => {
    assert.deepEqual(words({ rule: 'share', says: 'path', numbers: { shareOfGrowth: 0.93 } }), [
      "93 % of the heap's growth",
      null,
    ]);
    const numbers = { gainedBytes: 1e6, steadyBytes: 9e5, gainedCount: 20, neededBytes: 2e6 };
    const little = (handles: number | null) => words({ rule: 'amount', says: 'little', numbers, handles });
    assert.deepEqual(little(null), [
      'gained 900 KB so far; to be confirmed it must gain 2.0 MB',
      'to be confirmed it must gain 2.0 MB',
    ]);
    assert.equal(little(200)[1], 'to be confirmed it must gain 200, or 2.0 MB');
  });

  it('say what it held before, and what is in flight', () => {
    assert.deepEqual(
      words({
        rule: 'past-peak',
        says: 'held-before',
        numbers: { peakBefore: 5000, count: 6000 },
        needed: 7000,
      }),
      ['it held 5,000 before it last shrank, and 6,000 now', 'more than 7,000 held'],
    );
    assert.deepEqual(
      words({
        rule: 'in-flight',
        says: 'path',
        numbers: { gainedCount: 150, openSockets: 200 },
        mayBeInFlight: 400,
      }),
      ['gained 150 while 200 sockets are open: it may be work in flight', 'more than 400 gained'],
    );
  });

  it('say that it slows down, and to which level', () => {
    const pace = { rule: 'levelling-off', per: 'request' } as const;
    assert.deepEqual(
      words({ ...pace, says: 'slower', numbers: { paceRatio: 0.42, level: 12_345 }, inBytes: false }),
      [
        'growth per request is down to 42 % of what it was: if it keeps slowing down, it will level off at about 12,000',
        'growth that no longer slows down',
      ],
    );
    assert.match(
      words({ ...pace, says: 'slower', numbers: { paceRatio: 0.42, level: 10e6 }, inBytes: true })[0],
      /at about 10\.0 MB$/,
    );
    assert.deepEqual(
      words({ ...pace, per: 'second', says: 'latest', numbers: { paceRatio: 0.4 }, inBytes: false }),
      [
        'growth per second at the latest step was 40 % of the usual: growth may be ending',
        'the usual growth at the next step',
      ],
    );
    assert.deepEqual(
      words({ rule: 'traffic', says: 'ramp', numbers: { trafficRatio: 1.8, paceRatio: 0.6 } }),
      [
        'traffic rose to 180 % while growth per request fell to 60 %: growth may follow the traffic',
        'growth that goes on under steady traffic',
      ],
    );
  });
});

describe('The reasons for growth to end', () => {
  const max = { source: 'setting', name: 'max', limit: 10_000, unit: 'entries' } as const;
  const at = { limit: 10_000, count: 6000, bytes: 12e6 };

  it('name the bound, and the level that it leads to', () => {
    assert.deepEqual(words({ rule: 'bound', says: 'none', numbers: {} }, true), [
      'no bound found on its owner',
      null,
    ]);
    const bounded = (unit: 'entries' | 'bytes') =>
      words({
        rule: 'bound',
        says: 'bounded',
        numbers: { ...at, levelBytes: 20e6 },
        bound: { ...max, limit: unit === 'bytes' ? 30e6 : 10_000, unit },
      });
    assert.deepEqual(bounded('entries'), [
      "bounded at 10,000 by 'max': will level off at about 20.0 MB",
      'growth beyond 10,000',
    ]);
    assert.match(bounded('bytes')[0], /^bounded at 30\.0 MB by 'max'/);
  });

  it('say why a number is no bound', () => {
    const no = (says: 'moves' | 'exceeded') =>
      words({ rule: 'bound', says, numbers: at, bound: max }, true)[0];
    assert.equal(no('moves'), "'max' = 10,000 changes as it grows, so it is no bound");
    assert.equal(no('exceeded'), "went beyond 'max' = 10,000 on its owner");
    assert.deepEqual(words({ rule: 'bound', says: 'lost', numbers: { limit: 10_000 }, bound: max }), [
      "bounded by 'max' at the previous capture",
      'another capture that does not find the bound',
    ]);
  });

  it('count the holders that are full', () => {
    const bound = {
      source: 'full-holders',
      name: null,
      limit: 12_000,
      unit: 'entries',
      holders: 60,
      full: 12,
    } as const;
    assert.deepEqual(words({ rule: 'bound', says: 'bounded', numbers: { ...at, levelBytes: 24e6 }, bound }), [
      'about 12 of its 60 holders have exactly 200 and none has more: it will level off at about 24.0 MB',
      'holders with more than 200 each',
    ]);
    assert.equal(
      words({ rule: 'bound', says: 'lost', numbers: { limit: 12_000 }, bound })[0],
      'its holders all had the same size at the previous capture',
    );
  });

  it('say how long members live, and that they outlived it', () => {
    const ttl = { name: 'ttl', lifetimeMs: 60_000, oldestEndMs: null };
    const numbers = { lifetimeMs: 60_000, sweepMs: 0, overdueMs: -45_000 };
    const said = (says: 'waits' | 'outlived', change: object) =>
      words({ rule: 'expiry', says, numbers, expiry: { ...ttl, ...change } });
    assert.deepEqual(said('waits', {}), [
      'they live for 60 s: it should level off after that',
      'growth that goes on for 45 s more',
    ]);
    assert.equal(
      said('waits', { sweepMs: 120_000 })[0],
      'they live for 60 s, and are removed every 2 min: it should level off after that',
    );
    assert.deepEqual(said('outlived', {}), [
      "they live for 60 s ('ttl'), but it has grown for longer than that",
      null,
    ]);
    assert.equal(
      said('outlived', { lifetimeMs: null, oldestEndMs: 1 })[0],
      "'ttl' says when they expire ('ttl'), but the oldest should have expired long ago",
    );
    assert.equal(
      words({
        rule: 'expiry',
        says: 'too-far',
        numbers: { ...numbers, reachedBytes: 518e9 },
        expiry: ttl,
      })[0],
      "they live for 60 s ('ttl'), but at the current rate it would reach 518 GB before that",
    );
  });

  it('say how many GCs weak references need', () => {
    assert.deepEqual(
      words({ rule: 'weak-references', says: 'waits', numbers: { majorCollections: 1 }, missing: 2 }),
      ['weak references, which are cleared only after a full GC', '2 more full GCs by V8 itself'],
    );
    assert.deepEqual(
      words({ rule: 'weak-references', says: 'kept', numbers: { majorCollections: 1 } }, true),
      ['1 full GC did not clear them', null],
    );
  });
});

describe('The reasons of growth outside the graph', () => {
  const rose = {
    observations: 11,
    spanMs: 50_000,
    first: 1000,
    last: 2e6,
    gained: 0,
    perSecond: 0,
    perSecondLow: 0,
    perSecondHigh: 0,
  };

  it('say how steadily it rose, and for how much longer it must', () => {
    const said = (inBytes: boolean) => words({ rule: 'series', says: 'rose', numbers: rose, inBytes })[0];
    const steadily = 'the minimum of each window rose 10 times in a row over 50 s';
    assert.equal(said(false), `${steadily}, from 1,000 to 2,000,000`);
    assert.equal(said(true), `${steadily}, from 1.0 KB to 2.0 MB`);
    const numbers = { rises: 5, spanMs: 25_000, missingMs: 24_500 };
    const until = 'to be confirmed it must rise for 25 s more';
    const brief = (mayFill: boolean) => words({ rule: 'duration', says: 'series', numbers, mayFill });
    assert.deepEqual(brief(false), [until, until]);
    assert.deepEqual(brief(true), [`a cache that fills looks the same: ${until}`, until]);
  });

  it('say how to find out about native memory', () => {
    const [sentence, until] = words(
      { rule: 'share', says: 'native', numbers: { gainedBytes: 40e6, residentBytes: 50e6 } },
      true,
    );
    assert.equal(
      sentence,
      'the process grew by 50.0 MB, of which 40.0 MB are neither heap nor buffers; there is no path to these',
    );
    assert.match(until ?? '', /MALLOC_ARENA_MAX=2, .* it was fragmentation$/);
  });

  it('say what else it may be', () => {
    const [workers] = words({ rule: 'series', says: 'workers', numbers: { workersStarted: 1 } });
    assert.match(workers, /^it started worker threads/);
    const garbage = (observations: number) =>
      words({ rule: 'series', says: 'uncollected', numbers: { observations }, kind: 'external', needed: 3 });
    assert.deepEqual(garbage(0), [
      'V8 has run no full GC during this growth, so buffers that nothing holds any more may still be counted',
      'growth after each of 3 full GCs, or a capture that shows what holds it',
    ]);
    assert.match(garbage(1)[0], /^seen after too few full GCs/);
    const timers = words({ rule: 'series', says: 'looks-healthy', numbers: { gained: 9 }, type: 'Timeout' });
    assert.match(timers[0], /^healthy programs have many one-shot timers/);
    const files = words({ rule: 'series', says: 'not-files', numbers: { gained: 9, filesPart: 0.1 } });
    assert.match(files[0], /^most of the newest are sockets or pipes/);
    assert.match(
      words({ rule: 'in-flight', says: 'series', numbers: { gained: 9, sockets: 30 } })[0],
      /^open sockets rose by 30 meanwhile/,
    );
  });

  it('say of an allocation site that it is not known who holds its memory', () => {
    const numbers = { growthBytes: 5e6, shareOfGrowth: 0.6 };
    const site = { rule: 'allocation-sites', numbers } as const;
    assert.equal(
      words({ ...site, says: 'rose', function: 'recordOrder', readings: 6, spanMs: 100_000 })[0],
      'memory allocated by recordOrder that is still held grew over 6 readings in 100 s',
    );
    assert.equal(words({ ...site, says: 'share' })[0], '60 % of the growth of all allocation sites');
    assert.deepEqual(words({ ...site, says: 'no-capture' }), [
      'no capture was possible, so its holder is unknown, and so is whether it has a bound',
      'a capture that shows what holds it',
    ]);
  });
});

describe('The reasons for a status of before', () => {
  it('say for how long it has not grown', () => {
    const still = (flatCaptures: number) =>
      words({ rule: 'settled', says: 'still', numbers: { flatCaptures } });
    assert.deepEqual(still(1), ['did not grow at the latest capture', 'growth at the next captures']);
    assert.equal(still(4)[0], 'has not grown at the latest 4 captures');
    assert.equal(words({ rule: 'settled', says: 'ended', numbers: {} })[0], 'it no longer grows');
    const by = 'lw-0123456789abcdef' as const;
    assert.equal(
      words({ rule: 'settled', says: 'explained', numbers: {}, by })[0],
      'explained by lw-0123456789abcdef, which names its holder',
    );
  });

  it('say when it was found before a restart', () => {
    const facts = {
      rule: 'seen-before',
      numbers: { firstSeenMs: 0 },
      at: '2026-01-05T02:01:00.000Z',
    } as const;
    assert.deepEqual(words({ ...facts, says: 'confirmed' }, true), [
      'confirmed on 2026-01-05 at 02:01 UTC, before the program restarted',
      null,
    ]);
    assert.deepEqual(words({ ...facts, says: 'first-seen' }), [
      'first seen on 2026-01-05 at 02:01 UTC, before the program restarted',
      'growth at the next captures',
    ]);
  });
});
