import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AggregatorRegistry, Counter, type OpenMetricsContentType, Registry } from 'prom-client';
import type { CaptureOutcome } from '../../src/capture/capture-record.js';
import { LeakwatchError } from '../../src/errors.js';
import { createMetrics } from '../../src/metrics/collectors.js';
import { METRIC_NAMES, SERIES_LIMIT } from '../../src/metrics/metric-table.js';
import type { GcKind } from '../../src/sampling/gc-source.js';
import { parseSeries } from './exposition.js';
import { capture, FakeSource, finding, gcSample, leakingStatus, sample } from './fake-source.js';

async function seriesOf(metrics: { exposition(): Promise<string> }): Promise<ReadonlyMap<string, number>> {
  return parseSeries(await metrics.exposition());
}

test('every metric of the table is exported from the start, with zeros, within the limit of series', async () => {
  const metrics = createMetrics(new FakeSource());
  const text = await metrics.exposition();
  for (const name of METRIC_NAMES) assert.match(text, new RegExp(`^# HELP ${name} `, 'm'));
  const series = parseSeries(text);
  assert.equal(
    series.get('leakwatch_captures_total{dumper="fork",trigger="demand",outcome="analysis-timeout"}'),
    0,
  );
  assert.equal(series.get('leakwatch_captures_total{dumper="none",trigger="trend",outcome="skipped"}'), 0);
  assert.equal(series.get('leakwatch_findings{kind="contexts",status="plateaued"}'), 0);
  assert.equal(series.get('leakwatch_gc_duration_seconds_count{kind="weakcb"}'), 0);
  assert.equal(series.get('leakwatch_watcher_errors_total{stage="store"}'), 0);
  assert.equal(series.get('leakwatch_suspect_growth_bytes_per_second{rank="5"}'), 0);
  assert.equal(series.get('leakwatch_heap_exhaustion_timestamp_seconds'), Infinity);
  assert.ok(series.size <= SERIES_LIMIT, `${series.size} series`);
  assert.equal(series.size, 164);
});

test('a leak that was found and a daemon at work add no series', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  const before = new Set((await seriesOf(metrics)).keys());
  source.present = leakingStatus(1_700_000_600_000);
  source.events.emit('sample', gcSample('major', 3, 4096));
  for (const outcome of ['success', 'skipped', 'cancelled'] as const)
    source.events.emit('capture', capture({ outcome }));
  source.events.emit('finding', finding());
  assert.deepEqual(new Set((await seriesOf(metrics)).keys()), before);
});

test('the figures are those of the status, in base units', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.present = leakingStatus(1_700_000_600_000);
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_watcher_state{state="confirmed"}'), 1);
  assert.equal(series.get('leakwatch_watcher_state{state="starting"}'), 0);
  assert.equal(series.get('leakwatch_watcher_start_timestamp_seconds'), 1_700_000_000);
  assert.equal(series.get('leakwatch_watcher_last_sample_timestamp_seconds'), 1_700_000_600);
  assert.equal(series.get('leakwatch_watcher_samples_total'), 60);
  assert.equal(series.get('leakwatch_watcher_errors_total{stage="analysis"}'), 1);
  assert.equal(series.get('leakwatch_watcher_cpu_seconds_total'), 1.5);
  assert.equal(series.get('leakwatch_heap_live_bytes'), 48 * 2 ** 20);
  assert.equal(series.get('leakwatch_heap_live_timestamp_seconds'), 1_700_000_595);
  assert.equal(series.get('leakwatch_memory_limit_bytes'), 512 * 2 ** 20);
  assert.equal(series.get('leakwatch_heap_trend_bytes_per_second{window="short"}'), 32_000);
  assert.equal(series.get('leakwatch_heap_exhaustion_timestamp_seconds'), 1_700_004_200);
  assert.equal(series.get('leakwatch_findings{kind="heap",status="confirmed"}'), 1);
  assert.equal(series.get('leakwatch_suspect_growth_bytes_per_second{rank="1"}'), 1000);
});

test('a scrape follows a status that goes back: a limit that moved away, a finding that was resolved', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.present = leakingStatus(1_700_000_600_000);
  await metrics.exposition();
  source.change({ state: 'watching', timeToLimit: null, findings: [finding({ status: 'resolved' })] });
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_watcher_state{state="confirmed"}'), 0);
  assert.equal(series.get('leakwatch_heap_exhaustion_timestamp_seconds'), Infinity);
  assert.equal(series.get('leakwatch_findings{kind="heap",status="confirmed"}'), 0);
  assert.equal(series.get('leakwatch_findings{kind="heap",status="resolved"}'), 1);
  assert.equal(series.get('leakwatch_suspect_growth_bytes_per_second{rank="1"}'), 0);
});

test('only the five worst open findings have a rank', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  const growths = [700, 600, 500, 400, 300, 200];
  const growing = growths.map((bytesPerSecond, index) =>
    finding({ id: `lw-${index}`, growth: { ...finding().growth, bytesPerSecond } }),
  );
  source.change({ findings: [finding({ id: 'lw-old', status: 'resolved' }), ...growing] });
  const ranks = [...(await seriesOf(metrics))].filter(([name]) => name.includes('suspect_growth'));
  assert.deepEqual(
    ranks.map(([, value]) => value),
    [700, 600, 500, 400, 300],
  );
});

test('every GC cycle is counted, those before the first scrape included', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  for (let cycle = 0; cycle < 117; cycle++) source.events.emit('sample', gcSample('minor', 0.8, 1000));
  source.events.emit('sample', gcSample('major', 40, null));
  source.events.emit('sample', sample());
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_gc_duration_seconds_count{kind="minor"}'), 117);
  assert.equal(series.get('leakwatch_gc_duration_seconds_bucket{le="0.001",kind="minor"}'), 117);
  assert.equal(series.get('leakwatch_gc_reclaimed_bytes_total{kind="minor"}'), 117_000);
  assert.equal(series.get('leakwatch_gc_duration_seconds_count{kind="major"}'), 1);
  assert.equal(series.get('leakwatch_gc_duration_seconds_sum{kind="major"}'), 0.04);
  assert.equal(series.get('leakwatch_gc_reclaimed_bytes_total{kind="major"}'), 0);
});

test('the cycles that went by before the metrics were loaded are counted, once', async () => {
  const source = new FakeSource();
  const missed = [gcSample('minor', 1, 10), sample(), gcSample('major', 20, 30)];
  const metrics = createMetrics(source, undefined, missed);
  source.events.emit('sample', gcSample('minor', 1, 5));
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_gc_duration_seconds_count{kind="minor"}'), 2);
  assert.equal(series.get('leakwatch_gc_duration_seconds_count{kind="major"}'), 1);
  assert.equal(series.get('leakwatch_gc_reclaimed_bytes_total{kind="minor"}'), 15);
});

test('a skipped capture is counted, and leaves the pauses and the figures of the last real one alone', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.events.emit('capture', capture());
  source.events.emit(
    'capture',
    capture({ outcome: 'skipped', pauseMs: 0, durationMs: 0, nodes: 0, reason: 'over budget' }),
  );
  source.events.emit(
    'capture',
    capture({ outcome: 'analysis-failed', pauseMs: 20, durationMs: 900, analysisMs: 100, nodes: 0 }),
  );
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_captures_total{dumper="fork",trigger="trend",outcome="success"}'), 1);
  assert.equal(series.get('leakwatch_captures_total{dumper="fork",trigger="trend",outcome="skipped"}'), 1);
  assert.equal(series.get('leakwatch_capture_pause_seconds_count'), 2);
  assert.equal(series.get('leakwatch_capture_pause_seconds_sum'), 0.034);
  assert.equal(series.get('leakwatch_capture_duration_seconds'), 0.9);
  assert.equal(series.get('leakwatch_analysis_nodes'), 400_000);
});

test('probes and censuses are looks, not captures: only their pauses and their cost are added to those', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.events.emit('capture', capture({ rung: 'full', retries: 1 }));
  const look = { analysisMs: 0, nodes: 0, peakBytes: 1, cpuSeconds: 0.5, pauseMs: 6, durationMs: 80 };
  source.events.emit('capture', capture({ ...look, rung: 'probe' }));
  source.events.emit('capture', capture({ ...look, rung: 'probe', outcome: 'dump-failed', retries: 5 }));
  source.events.emit('capture', capture({ ...look, rung: 'census', retries: 2 }));
  source.events.emit(
    'capture',
    capture({ ...look, rung: 'census', outcome: 'skipped', pauseMs: 0, cpuSeconds: 0 }),
  );
  source.events.emit(
    'capture',
    capture({ ...look, rung: 'census', outcome: 'cancelled', pauseMs: 0, cpuSeconds: 0 }),
  );
  const series = await seriesOf(metrics);
  const counted = [...series].filter(([name, value]) => /_(captures|looks)_total/.test(name) && value > 0);
  assert.deepEqual(Object.fromEntries(counted), {
    'leakwatch_captures_total{dumper="fork",trigger="trend",outcome="success"}': 1,
    'leakwatch_heap_looks_total{rung="probe",outcome="success"}': 1,
    'leakwatch_heap_looks_total{rung="probe",outcome="failed"}': 1,
    'leakwatch_heap_looks_total{rung="census",outcome="success"}': 1,
    'leakwatch_heap_looks_total{rung="census",outcome="skipped"}': 1,
    'leakwatch_heap_looks_total{rung="census",outcome="failed"}': 1,
  });
  assert.equal(series.get('leakwatch_capture_pause_seconds_count'), 5);
  assert.equal(series.get('leakwatch_capture_retries_total'), 8);
  assert.equal(series.get('leakwatch_capture_cpu_seconds_total'), 3.5);
  assert.equal(series.get('leakwatch_capture_duration_seconds'), 2.5);
  assert.equal(series.get('leakwatch_capture_peak_bytes'), 30 * 2 ** 20);
  assert.equal(series.get('leakwatch_analysis_duration_seconds'), 1.5);
  assert.equal(series.get('leakwatch_analysis_nodes'), 400_000);
});

test('a finding is opened once and resolved once, however often its status changes', async () => {
  const source = new FakeSource();
  const known = finding({ id: 'lw-before', kind: 'external' });
  source.change({ findings: [known] });
  const metrics = createMetrics(source);
  for (const status of [
    'suspected',
    'confirmed',
    'plateaued',
    'confirmed',
    'resolved',
    'resolved',
  ] as const) {
    source.events.emit('finding', finding({ status }));
  }
  source.events.emit('finding', { ...known, status: 'confirmed' });
  source.events.emit('finding', { ...known, status: 'resolved' });
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_findings_opened_total{kind="heap"}'), 1);
  assert.equal(series.get('leakwatch_findings_resolved_total{kind="heap"}'), 1);
  assert.equal(series.get('leakwatch_findings_opened_total{kind="external"}'), 0);
  assert.equal(series.get('leakwatch_findings_resolved_total{kind="external"}'), 1);
});

test('unknown label values and figures that are no numbers make no series and no exception', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  const before = await seriesOf(metrics);
  source.events.emit('sample', gcSample('scavenge-of-tomorrow' as GcKind, 1, 1));
  source.events.emit('sample', gcSample('minor', Number.NaN, -5));
  source.events.emit(
    'capture',
    capture({
      dumper: 'none',
      outcome: 'unheard-of' as CaptureOutcome,
      pauseMs: -1,
      durationMs: Number.NaN,
      peakBytes: 0,
      analysisMs: 0,
    }),
  );
  source.events.emit('finding', finding({ kind: 'toString' as 'heap' }));
  source.change({ state: '__proto__' as 'failed', findings: [finding({ kind: 'x' as 'heap' })] });
  const after = await seriesOf(metrics);
  assert.deepEqual([...after.keys()], [...before.keys()]);
  assert.equal(after.get('leakwatch_gc_duration_seconds_count{kind="minor"}'), 0);
  assert.equal(after.get('leakwatch_capture_pause_seconds_count'), 0);
});

test('nothing from the heap reaches the exposition', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.present = leakingStatus(1_700_000_600_000);
  source.events.emit('finding', finding());
  const text = await metrics.exposition();
  assert.doesNotMatch(text, /Session|MemoryStore|lw-/);
});

test('one scrape reads the status once, and the next one reads it anew', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  source.statusReads = 0;
  await metrics.exposition();
  assert.equal(source.statusReads, 1);
  await metrics.exposition();
  assert.equal(source.statusReads, 2);
});

test('a status that cannot be read leaves the last figures in place and the scrape answered', async () => {
  const source = new FakeSource();
  const registry = new Registry();
  new Counter({ name: 'host_orders_total', help: 'of the host', registers: [registry] }).inc(3);
  const metrics = createMetrics(source, registry);
  source.present = leakingStatus(1_700_000_600_000);
  await metrics.exposition();
  source.broken = true;
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_watcher_samples_total'), 60);
  assert.equal(series.get('leakwatch_watcher_last_sample_timestamp_seconds'), 1_700_000_600);
  assert.equal(series.get('host_orders_total'), 3);
});

test('close takes its own metrics and listeners away, and a second watcher can start on the same registry', async () => {
  const source = new FakeSource();
  const registry = new Registry();
  const orders = new Counter({ name: 'host_orders_total', help: 'of the host', registers: [registry] });
  const first = createMetrics(source, registry);
  source.events.emit('sample', gcSample('minor', 1, 1));
  first.close();
  first.close();
  assert.deepEqual(registry.getMetricsAsArray(), [orders]);
  for (const event of ['sample', 'capture', 'finding'] as const)
    assert.equal(source.events.listenerCount(event), 0);
  const second = createMetrics(source, registry);
  assert.equal((await seriesOf(second)).get('leakwatch_gc_duration_seconds_count{kind="minor"}'), 0);
  first.close();
  assert.equal((await seriesOf(second)).get('leakwatch_watcher_state{state="starting"}'), 1);
});

test('a registry in use by another watcher is refused with nothing changed', async () => {
  const registry = new Registry();
  const first = createMetrics(new FakeSource(), registry);
  const before = registry.getMetricsAsArray().length;
  const source = new FakeSource();
  assert.throws(
    () => createMetrics(source, registry),
    (error) => error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_OPTION_CONFLICT',
  );
  assert.equal(registry.getMetricsAsArray().length, before);
  assert.equal(source.events.listenerCount('sample'), 0);
  first.close();
});

test('what is not a registry is refused by name', () => {
  for (const wrong of [{}, null, { metrics: () => '' }]) {
    assert.throws(
      () => createMetrics(new FakeSource(), wrong as unknown as Registry),
      (error) => error instanceof LeakwatchError && error.code === 'LEAKWATCH_ERR_INVALID_OPTION',
    );
  }
});

test('a registry that speaks OpenMetrics gets it, and is left clean', async () => {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const metrics = createMetrics(new FakeSource(), registry);
  assert.match(metrics.contentType, /openmetrics-text/);
  const text = await metrics.exposition();
  assert.match(text, /^leakwatch_watcher_samples_total 0$/m);
  assert.ok(text.endsWith('# EOF\n'));
  assert.equal(await metrics.exposition(), text);
  metrics.close();
  assert.equal(registry.getMetricsAsArray().length, 0);
});

test('without a registry of the host the exposition has the same bytes as the registry writes, after every event', async () => {
  const source = new FakeSource();
  const metrics = createMetrics(source);
  const isSame = async (what: string) =>
    assert.equal(await metrics.exposition(), await metrics.registry.metrics(), what);
  const events: Readonly<Record<string, () => unknown>> = {
    'at first': () => {},
    'nothing happened': () => {},
    'a GC': () => source.events.emit('sample', gcSample('major', 3, 4096)),
    'a capture': () => source.events.emit('capture', capture()),
    'a finding': () => source.events.emit('finding', finding()),
    'another status': () => source.change(leakingStatus(1_700_000_600_000)),
    'a reset': () => (metrics.registry as Registry).resetMetrics(),
    'a GC after it': () => source.events.emit('sample', gcSample('minor', 1, 1)),
  };
  for (const [what, happen] of Object.entries(events)) {
    happen();
    await isSame(what);
    await isSame(`${what}, again`);
  }
  metrics.close();
});

test('after the host reset its registry, the counters are there again', async () => {
  const registry = new Registry();
  const source = new FakeSource();
  source.change({ samples: 7 });
  const metrics = createMetrics(source, registry);
  registry.resetMetrics();
  const series = await seriesOf(metrics);
  assert.equal(series.get('leakwatch_watcher_samples_total'), 7);
  assert.equal(series.get('leakwatch_findings_opened_total{kind="heap"}'), 0);
});

test('the workers of a cluster are joined to the worst of them, also when only one has an end in sight', async () => {
  const workers = [];
  for (const [index, timeToLimit] of [null, { seconds: 60, low: 50, high: null }, null].entries()) {
    const source = new FakeSource();
    source.present = { ...leakingStatus(1_700_000_600_000 + index * 1000), timeToLimit };
    const registry = new Registry();
    createMetrics(source, registry);
    // A cluster sends its figures as JSON, which knows no infinity.
    workers.push(JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())));
  }
  const joined = parseSeries(await AggregatorRegistry.aggregate(workers).metrics());
  assert.equal(joined.get('leakwatch_heap_exhaustion_timestamp_seconds'), 1_700_000_661);
  assert.equal(joined.get('leakwatch_watcher_last_sample_timestamp_seconds'), 1_700_000_600);
  assert.equal(joined.get('leakwatch_watcher_samples_total'), 180);
  assert.equal(joined.get('leakwatch_heap_live_bytes'), 48 * 2 ** 20);
  assert.equal(joined.get('leakwatch_watcher_state{state="confirmed"}'), 1);
  assert.equal(joined.get('leakwatch_findings{kind="heap",status="confirmed"}'), 3);
});

test('in a cluster without an end in sight no end is told', async () => {
  const registry = new Registry();
  createMetrics(new FakeSource(), registry);
  const worker = JSON.parse(JSON.stringify(await registry.getMetricsAsJSON()));
  const joined = parseSeries(await AggregatorRegistry.aggregate([worker, worker]).metrics());
  assert.equal(joined.get('leakwatch_heap_exhaustion_timestamp_seconds'), undefined);
  assert.equal(joined.get('leakwatch_memory_limit_bytes'), undefined);
});
