import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderJson } from '../../src/report/json.js';
import { buildReport } from '../../src/report/report.js';
import { ACTIVE_CHARACTERS, finding, HOSTILE_NAMES, report, reportInput } from './report-fixture.js';

test('a report has the fields that the outside relies on', () => {
  const built = report();
  assert.equal(built.schemaVersion, 1);
  assert.deepEqual(built.process, {
    pid: 4711,
    nodeVersion: 'v20.20.2',
    startedAt: '2026-01-05T01:59:59.000Z',
    threadId: 0,
  });
  assert.deepEqual(Object.keys(built.watcher), [
    'state',
    'reason',
    'reasonCode',
    'detail',
    'since',
    'gcSource',
    'dumper',
    'pace',
    'captures',
    'cost',
  ]);
  assert.deepEqual(built.watcher.cost, { cpuSeconds: 1.2 });
  assert.deepEqual(built.watcher.captures[0], {
    id: 'c0',
    at: '2026-01-05T02:00:10.000Z',
    dumper: 'fork',
    rung: 'sampled',
    trigger: 'trend',
    outcome: 'success',
    reason: null,
    cause: null,
    pauseMs: 9,
    durationMs: 400,
    analysisMs: 150,
    cpuSeconds: 0.4,
    peakBytes: 0,
    nodes: 412_345,
    retries: 0,
    writer: 'v8',
    roots: null,
    writerReason: null,
  });
  assert.equal(built.heap.at, '2026-01-05T02:12:00.000Z');
  assert.equal(built.heap.secondsToLimit, 11_520);
  assert.deepEqual(built.heap.secondsToLimitRange, { low: 10_200, high: 13_200 });
  assert.deepEqual(built.findings, [finding()]);
});

test('figures that are not finite never reach the JSON', () => {
  const input = reportInput();
  const built = buildReport({
    ...input,
    heap: {
      ...input.heap,
      liveBytes: Number.NaN,
      trend: {
        bytesPerSecond: Number.NaN,
        low: Number.NEGATIVE_INFINITY,
        high: Number.POSITIVE_INFINITY,
        windowMs: 0,
      },
      secondsToLimit: Number.POSITIVE_INFINITY,
      secondsToLimitRange: { low: 10, high: Number.POSITIVE_INFINITY },
    },
  });
  assert.equal(built.heap.liveBytes, 0);
  assert.deepEqual(built.heap.trend, { bytesPerSecond: 0, low: 0, high: 0, windowMs: 0 });
  assert.equal(built.heap.secondsToLimit, null);
  assert.deepEqual(built.heap.secondsToLimitRange, { low: 10, high: null });
});

test('a report stays small however long the names and lists of the heap are', () => {
  const long = 'x'.repeat(10_000);
  const steps = Array.from(
    { length: 5_000 },
    () => ({ edge: long, edgeType: 'property', node: long, nodeType: 'object' }) as const,
  );
  const huge = finding({
    className: long,
    title: long,
    retainerPath: steps,
    fields: Array.from({ length: 5_000 }, () => long),
  });
  const built = buildReport(reportInput({ findings: Array.from({ length: 1_000 }, () => huge) }));
  assert.equal(built.findings.length, 100);
  const [first] = built.findings;
  assert.equal(first?.className.length, 500);
  assert.ok(first?.className.endsWith('…'));
  assert.equal(first?.retainerPath.length, 200);
  assert.equal(first?.fields.length, 200);
});

test('the latest captures are the ones that stay', () => {
  const input = reportInput();
  const one = input.watcher.captures[0]!;
  const captures = Array.from({ length: 80 }, (_, index) => ({ ...one, id: `n${index}` }));
  const built = buildReport({ ...input, watcher: { ...input.watcher, captures } });
  assert.equal(built.watcher.captures.length, 50);
  assert.equal(built.watcher.captures.at(-1)?.id, 'n79');
});

for (const [what, className] of Object.entries(HOSTILE_NAMES)) {
  test(`JSON keeps a hostile name (${what}) and shows none of it raw`, () => {
    const json = renderJson(report([finding({ className })]));
    assert.doesNotMatch(json, ACTIVE_CHARACTERS);
    assert.doesNotMatch(json, /[<>&\ud800-\udfff]/);
    assert.equal(JSON.parse(json).findings[0].className, className);
  });
}

test('JSON of nothing is null', () => {
  assert.equal(renderJson(undefined), 'null');
});
