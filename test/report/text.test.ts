import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RetainerStep } from '../../src/heap/naming/retainer-step.js';
import type { ReportInput } from '../../src/report/report.js';
import { buildReport } from '../../src/report/report.js';
import { renderFinding, renderReport, renderWithSeries } from '../../src/report/text.js';
import {
  ACTIVE_CHARACTERS,
  finding,
  HOSTILE_NAMES,
  LONE_SURROGATE,
  report,
  reportInput,
} from './report-fixture.js';

function text(changes: Parameters<typeof finding>[0] = {}): string {
  return renderFinding(finding(changes), report());
}

test('a confirmed leak reads at a glance', () => {
  assert.equal(
    renderReport(report()),
    [
      'LEAK confirmed (97 %)   +1.9 MB/min, about 1.1 KB per request   heap limit in 3 h 12 min (2 h 50 – 3 h 40)',
      '  what       OrderHistory.byCustomer gains 1,740 entries a minute (12,310 now, 14.2 MB)',
      '  held by    globalThis › app › locals › history: OrderHistory › byCustomer: Map',
      '  holds      Order ×12,310 (each about 1.2 KB: items[], customer, createdAt)',
      "  because    grew at every one of 6 captures over 84 s; no bound found on its owner; 93 % of the heap's growth",
      '  cost       6 captures, longest pause 14 ms (to fork a copy of the process)',
      `  id         ${finding().id}`,
      '',
      'process 4711, Node v20.20.2, watched for 12 min: live heap 64.0 MB of 512 MB, rising +1.9 MB/min over 10 min',
      '',
    ].join('\n'),
  );
});

test('what levels off at a bound meets no limit', () => {
  const numbers = {};
  const untilWhat = 'growth beyond 4,000';
  const bounded = text({
    status: 'suspected',
    evidence: [{ rule: 'bound', speaksFor: false, numbers, untilWhat }],
  });
  assert.match(bounded, /^LEAK suspected/);
  assert.doesNotMatch(bounded, /limit in/);
});

test('where it was allocated is said once it is known', () => {
  const site = { column: 7, package: null, liveBytes: 1, growthBytes: 1, callers: [] };
  const allocationSites = [
    { ...site, function: 'recordOrder', url: 'file:///srv/app/src/orders/history.ts', line: 33 },
    { ...site, function: '', url: 'file:///srv/app/node_modules/store/lib/index.js', line: 71 },
  ];
  assert.match(
    text({ allocationSites }),
    /^ {2}allocated {2}app\/src\/orders\/history\.ts:33 in recordOrder; also node_modules\/store\/lib\/index\.js:71$/m,
  );
});

test('who called what allocated is said behind it', () => {
  const frame = { column: 7, package: null };
  const [recordOrder, checkout] = [
    { ...frame, function: 'recordOrder', url: 'file:///srv/app/src/orders/history.ts', line: 33 },
    { ...frame, function: 'post', url: 'file:///srv/app/src/routes/checkout.ts', line: 71 },
  ];
  const site = { ...recordOrder, liveBytes: 1, growthBytes: 1, callers: [checkout, checkout, checkout] };
  const caller = '  ‹ app/src/routes/checkout.ts:71';
  assert.ok(
    text({ allocationSites: [site] }).includes(
      `  allocated  app/src/orders/history.ts:33 in recordOrder${caller}${caller}\n`,
    ),
  );
  assert.match(
    text({ allocationSites: [site], yours: checkout }),
    /^ {2}yours {6}app\/src\/routes\/checkout\.ts:71 in post$/m,
  );
  assert.doesNotMatch(text({ allocationSites: [site], yours: recordOrder }), /yours/);
});

test('without allocation sites, where the members are defined, who else holds them, and whose package it is', () => {
  const order = { function: 'Order', url: 'file:///srv/app/src/order.ts', line: 3, column: 1 };
  const rendered = text({
    locations: [order, { ...order, function: 'function', line: 9 }],
    alsoHeldBy: ['Index.byDate', 'module variable recent of src/recent.ts'],
    package: { name: 'order-store', version: '1.2.3' },
    muted: true,
  });
  assert.match(
    rendered,
    /^ {2}defined {4}\/srv\/app\/src\/order\.ts:3 in Order, \/srv\/app\/src\/order\.ts:9$/m,
  );
  assert.match(rendered, /^ {2}also by {4}Index\.byDate, module variable recent of src\/recent\.ts$/m);
  assert.match(rendered, /^ {2}package {4}order-store@1\.2\.3$/m);
  assert.match(rendered, /^LEAK confirmed .* {3}muted$/m);
});

test('who decided about it, and why, is said below it', () => {
  const decision = { at: '2026-01-01T00:02:00.000Z', by: 'token-1a2b3c4d', reason: 'fixed in 2.3\u001b[2J' };
  const rendered = text({ acknowledgement: decision, muted: true, muting: { ...decision, by: 'options' } });
  assert.match(rendered, /^LEAK confirmed .* {3}muted {3}acknowledged$/m);
  assert.match(rendered, /^ {2}decided {4}muted by options, 2026-01-01T00:02:00\.000Z: fixed in 2\.3/m);
  assert.match(rendered, /acknowledged by token-1a2b3c4d, 2026-01-01T00:02:00\.000Z: fixed/);
  assert.ok(!rendered.includes('\u001b'));
});

test('growth outside the graph has a kind, its own time to the limit, and no members', () => {
  const growth = { ...finding().growth, bytesPerSecond: 0, bytesPerRequest: null, objectsPerSecond: 10 };
  assert.match(
    text({ kind: 'handles', retainerPath: [], growth }),
    /^LEAK confirmed \(97 %\) {3}\+600 a minute {3}handles$/m,
  );
  const native = text({ kind: 'native', retainerPath: [], secondsToLimit: 600 });
  assert.match(native, / {3}memory limit in 10 min {3}native memory, outside the heap$/m);
  assert.doesNotMatch(native, /holds/);
  assert.match(text({ kind: 'external' }), / {3}heap limit in 3 h 12 min .* {3}buffers, outside the heap$/m);
});

test('lines for which nothing is known are left out', () => {
  const bare = finding({
    title: '',
    retainerPath: [],
    fields: [],
    reasons: [],
    growth: {
      bytesPerSecond: 100,
      objectsPerSecond: 0,
      bytesPerRequest: null,
      shareOfGrowth: 0,
      bytesScaled: false,
      steps: [],
    },
  });
  const heap = { ...report().heap, secondsToLimit: null, secondsToLimitRange: null };
  assert.equal(
    renderFinding(bare, { ...report(), heap, watcher: { captures: [] } }),
    `LEAK confirmed (97 %)   +6.0 KB/min\n  id         ${bare.id}\n`,
  );
});

test("a finding's own time to the limit stands in until the heap has a forecast", () => {
  assert.match(text({ secondsToLimit: 300 }), /heap limit in 3 h 12 min \(2 h 50 – 3 h 40\)$/m);
  const heap = { ...report().heap, secondsToLimit: null, secondsToLimitRange: null };
  assert.match(
    renderFinding(finding({ secondsToLimit: 300 }), { ...report(), heap, watcher: { captures: [] } }),
    /heap limit in 5 min$/m,
  );
});

test('bytes that were estimated from a sample are said to be about that many', () => {
  const growth = { ...finding().growth, bytesScaled: true };
  assert.match(
    text({ growth }),
    /^LEAK confirmed \(97 %\) {3}about \+1\.9 MB\/min, about 1\.1 KB per request {3}/,
  );
});

const [capture] = reportInput().watcher.captures;

function costOf(captures: readonly Partial<ReportInput['watcher']['captures'][number]>[]): string {
  const { watcher } = reportInput();
  const given = { ...watcher, captures: captures.map((changes) => ({ ...capture!, ...changes })) };
  return /^ {2}cost +(.*)$/m.exec(renderReport(buildReport(reportInput({ watcher: given }))))?.[1] ?? '';
}

test('the cost counts captures of a graph, but the longest pause is of everything that stopped the service', () => {
  assert.equal(
    costOf([
      { rung: 'probe', pauseMs: 3 },
      { rung: 'census', pauseMs: 40 },
      { rung: 'sampled', pauseMs: 12 },
      { rung: 'full', pauseMs: 20 },
      { rung: 'full', outcome: 'skipped', pauseMs: 99 },
    ]),
    '2 captures, longest pause 40 ms (to fork a copy of the process)',
  );
});

test('a snapshot that was taken in the process itself is told apart from a fork', () => {
  assert.equal(
    costOf([{ rung: 'full', dumper: 'inline', pauseMs: 918 }]),
    '1 capture, longest pause 918 ms (snapshots are taken in the process itself)',
  );
});

test('growth that has stopped has no rate and no time to the limit', () => {
  assert.match(text({ status: 'plateaued' }), /^GROWTH plateaued \(97 %\)$/m);
});

test('long paths are wrapped under their own beginning and lose their middle', () => {
  const retainerPath = Array.from(
    { length: 60 },
    (_, index): RetainerStep => ({
      edge: `property${index}`,
      edgeType: 'property',
      node: `SomeClass${index}`,
      nodeType: 'object',
    }),
  );
  const lines = text({ retainerPath }).split('\n');
  const first = lines.findIndex((line) => line.startsWith('  held by    property0: SomeClass0 › '));
  const last = lines.findIndex((line) => line.endsWith('property59: SomeClass59'));
  assert.ok(first > 0 && last > first);
  assert.ok(lines.slice(first + 1, last + 1).every((line) => line.startsWith(' '.repeat(13))));
  assert.ok(lines.some((line) => line.includes('… 36 more …')));
  assert.ok(lines.every((line) => line.length <= 120));
});

for (const [what, hostile] of Object.entries(HOSTILE_NAMES)) {
  test(`a hostile name (${what}) in any field of a finding is harmless on a terminal`, () => {
    const rendered = text({
      title: hostile,
      className: hostile,
      fields: [hostile],
      reasons: [hostile],
      retainerPath: [{ edge: hostile, edgeType: 'property', node: `${hostile}2`, nodeType: 'object' }],
      allocationSites: [
        {
          function: hostile,
          url: hostile,
          line: 1,
          column: 1,
          package: null,
          liveBytes: 0,
          growthBytes: 0,
          callers: [],
        },
      ],
    });
    assert.doesNotMatch(rendered, ACTIVE_CHARACTERS);
    assert.doesNotMatch(rendered, LONE_SURROGATE);
    assert.ok(
      rendered.split('\n').every((line) => /^( {2}[a-z]| {13}|LEAK|$)/.test(line)),
      rendered,
    );
  });
}

function withoutLeak(
  watcher: Partial<ReportInput['watcher']>,
  trend: Partial<ReportInput['heap']['trend']> = {},
): string {
  const input = reportInput({ findings: [] });
  return renderReport(
    buildReport({
      ...input,
      watcher: { ...input.watcher, ...watcher },
      heap: {
        ...input.heap,
        trend: { bytesPerSecond: 20, low: -400, high: 500, windowMs: 600_000, ...trend },
      },
    }),
  );
}

test('no leak is one line that says how far that reaches', () => {
  assert.equal(
    withoutLeak({}),
    'no leak found so far: watched for 12 min, 6 captures, live heap 64.0 MB of 512 MB, flat (+1.2 KB/min over 10 min)\n',
  );
});

test('no leak while learning or paused is not sold as an all-clear', () => {
  assert.match(
    withoutLeak({ state: 'learning', reason: '2 of 3 captures' }),
    /^no leak found so far \(learning: 2 of 3 captures\): /,
  );
  assert.match(withoutLeak({}, { windowMs: 0 }), /trend not known yet\n$/);
  assert.match(withoutLeak({}, { low: 5 }), /, rising \+1\.2 KB\/min over 10 min\n$/);
});

test('a rising heap without a finding, and a capture that was refused, are said aloud', () => {
  assert.match(
    withoutLeak({}, { low: 5 }),
    /^no leak found so far; the heap rises, but nothing in it has grown for long enough to distinguish a leak from a filling cache: /,
  );
  assert.match(
    withoutLeak({ captures: [], detail: 'the next capture is due in 5 s' }, { low: 5 }),
    /^no leak found so far; the heap rises, as it does after a start; .*, 0 captures, .*, at present: the next capture is due in 5 s\n$/,
  );
  const refused = { ...capture!, outcome: 'skipped' as const, reason: 'pause-over-budget: about 1500 ms' };
  assert.match(
    withoutLeak({ captures: [refused] }),
    /the latest capture was skipped \(pause-over-budget: about 1500 ms\)/,
  );
});

test('probes neither count as captures nor hide what became of the latest one', () => {
  const probe = { ...capture!, rung: 'probe' as const };
  const failed = { ...capture!, outcome: 'dump-failed' as const, reason: 'no descriptors' };
  assert.match(
    withoutLeak({ captures: [capture!, failed, probe, probe] }),
    /, 1 capture, .*, the latest capture failed \(no descriptors\)\n$/,
  );
  const refused = { ...probe, outcome: 'dump-failed' as const, reason: 'EAGAIN: fork' };
  assert.match(
    withoutLeak({ captures: [probe, refused, capture!] }),
    /, 1 capture, .*, the latest probe failed \(EAGAIN: fork\)\n$/,
  );
  assert.doesNotMatch(withoutLeak({ captures: [refused, probe] }), /failed/);
});

test('a watcher that failed says that it knows nothing', () => {
  assert.equal(
    withoutLeak({ state: 'failed', reason: 'no GC source loads' }),
    'not watching, so nothing is known about leaks: no GC source loads\n',
  );
});

test('before the first sample no heap is made up', () => {
  const input = reportInput({ findings: [] });
  const rendered = renderReport(buildReport({ ...input, heap: { ...input.heap, at: null } }));
  assert.equal(rendered, 'no leak found so far: 6 captures, live heap not measured yet\n');
});

test('growth that ended is listed below the line that there is no leak', () => {
  const rendered = renderReport(report([finding({ status: 'resolved' })]));
  assert.match(rendered, /^no leak found so far; the heap rises, .*\n\nGROWTH resolved \(97 %\)\n/);
});

test('numbers from before the restart are not shown as present', () => {
  const { growth } = finding();
  const steps = [{ at: '2020-01-01T00:00:00.000Z', count: 5, bytes: 50 }];
  const rendered = text({ status: 'plateaued', growth: { ...growth, steps } });
  assert.match(rendered, /^ {2}held {7}Order ×5 \(.*\) before the restart$/m);
  assert.doesNotMatch(text(), /before the restart/);
});

test('one finding alone is shown with its series, the first step and the latest', () => {
  const { growth } = finding();
  const steps = Array.from({ length: 12 }, (_, at) => ({
    at: `2026-01-05T02:00:${10 + at}.000Z`,
    count: 1000 * at,
    bytes: 1e6 * at,
  }));
  const lines = (some: typeof steps) =>
    renderWithSeries(finding({ growth: { ...growth, steps: some } }), report());
  const series = lines(steps).slice(lines(steps).indexOf('  series'));
  assert.match(
    series,
    /^ {2}series {5}2026-01-05T02:00:10Z 0, 0 bytes; 4 more; 2026-01-05T02:00:15Z 5,000, 5\.0 MB;/,
  );
  assert.match(series, /02:00:21Z 11,000, 11\.0 MB\n$/);
  assert.doesNotMatch(series, /02:00:1[1-4]/);
  assert.doesNotMatch(lines([]), /series/);
});
