import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createHeapReader, processReaders } from '../../src/sampling/heap-reader.js';
import type { HeapSample } from '../../src/sampling/heap-sample.js';
import { PointSeries } from '../../src/trend/point-series.js';
import { SampleWindow } from '../../src/trend/sample-window.js';
import { runProgram } from '../sampling/child.js';

const TICK = createHeapReader(processReaders(), () => false).onTick();

function sample(
  atMs: number,
  kind: 'minor' | 'major',
  bytes: number,
  change: Partial<HeapSample> = {},
): HeapSample {
  const gc = { kind, pauseMs: 1, own: false, reclaimedBytes: null };
  const at = { atMs, monotonicMs: atMs - 1e12, cause: 'gc' as const, gc };
  return { ...TICK, ...at, usedBytes: bytes, oldBytes: bytes - 10, exact: true, ...change };
}

interface Soak {
  readonly taken: number;
  readonly afterWarmUp: number;
  readonly atEnd: number;
  readonly points: Readonly<Record<string, number>>;
}

describe('the sample window', () => {
  it('takes full GCs as points (by old space if they have no figures), and old space after any cycle as upper bound', () => {
    const window = new SampleWindow();
    window.add(TICK);
    window.add(sample(2e12, 'minor', 500));
    window.add(sample(2e12 + 2_000, 'major', 300));
    window.add(sample(2e12 + 4_000, 'major', 400, { exact: false }));
    window.addCapturePoint(2e12 + 5_000, 290);
    assert.deepEqual(window.points('major-gc', 0), [
      { ms: 2e12 + 2_000, bytes: 300 },
      { ms: 2e12 + 4_000, bytes: 390 },
    ]);
    assert.deepEqual(
      window.points('upper-bound', 0).map((point) => point.bytes),
      [490, 290, 390],
    );
    assert.deepEqual(
      window.points('upper-bound', 2e12 + 2_000).map((point) => point.bytes),
      [290, 390],
    );
    assert.deepEqual(window.points('capture', 0), [{ ms: 2e12 + 5_000, bytes: 290 }]);
  });

  it('leaves out cycles that the watcher itself caused', () => {
    const window = new SampleWindow();
    window.add(
      sample(2e12, 'major', 300, { gc: { kind: 'major', pauseMs: 1, own: true, reclaimedBytes: null } }),
    );
    assert.deepEqual([window.points('major-gc', 0), window.points('upper-bound', 0)], [[], []]);
  });

  it('keeps the lowest upper bound of each second', () => {
    const window = new SampleWindow();
    for (const [ms, bytes] of [
      [0, 90],
      [300, 70],
      [600, 80],
      [1_100, 95],
    ] as const) {
      window.add(sample(2e12 + ms, 'minor', bytes));
    }
    assert.deepEqual(
      window.points('upper-bound', 0).map((point) => point.bytes),
      [60, 85],
    );
  });

  it('moves its points along when the wall clock is set', () => {
    const window = new SampleWindow();
    window.add(sample(2e12, 'major', 300));
    window.add(sample(2e12 + 10_000 - 3_600_000, 'major', 310, { monotonicMs: 2e12 - 1e12 + 10_000 }));
    const [first, second] = window.points('major-gc', 0);
    assert.equal((second?.ms ?? 0) - (first?.ms ?? 0), 10_000);
  });

  it('holds a bounded number of points, and the heap does not grow over 100,000 samples', async () => {
    const soak = (await runProgram('window-soak')) as Soak;
    assert.equal(soak.taken, 100_000);
    for (const [basis, points] of Object.entries(soak.points))
      assert.ok(points > 300 && points <= 768, `${basis}: ${points}`);
    // One number more per sample would be 640 KB.
    assert.ok(soak.atEnd - soak.afterWarmUp < 256 * 1024, `grew by ${soak.atEnd - soak.afterWarmUp} bytes`);
  });
});

describe('a bounded series', () => {
  it('keeps its beginning, its latest points and every window in proportion over a week', () => {
    const series = new PointSeries({ maxPoints: 768, slotMs: 1_000, keep: 'earlier' });
    const week = 7 * 86_400;
    for (let second = 0; second <= week; second++) series.add({ ms: second * 1_000, bytes: second });
    const all = series.since(0);
    assert.ok(all.length <= 768 && all[0]?.ms === 0 && all.at(-1)?.ms === week * 1_000);
    for (const window of [60, 600, 3_600, 6 * 3_600, 86_400]) {
      const points = series.since((week - window) * 1_000);
      assert.ok(points.length >= 20, `${points.length} points in the last ${window} s`);
      assert.ok((points[0]?.ms ?? 0) <= (week - window * 0.9) * 1_000, `the last ${window} s are covered`);
    }
  });

  it('never exceeds its bound, keeps order and time, and contains only points that were added', () => {
    const steps = fc.array(fc.record({ gap: fc.nat(5_000), bytes: fc.nat(1_000) }), { maxLength: 400 });
    fc.assert(
      fc.property(steps, fc.constantFrom('lower' as const, 'earlier' as const), (given, keep) => {
        const series = new PointSeries({ maxPoints: 32, slotMs: 100, keep });
        const real = new Set<string>();
        let ms = 0;
        for (const { gap, bytes } of given) {
          ms += gap;
          real.add(`${ms} ${bytes}`);
          series.add({ ms, bytes });
          const points = series.since(0);
          assert.ok(points.length <= 32);
          assert.ok(points.every((point, i) => i === 0 || point.ms > (points[i - 1]?.ms ?? 0)));
          assert.ok(points.every((point) => real.has(`${point.ms} ${point.bytes}`)));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('of upper bounds never loses the lowest point', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 500 }), (values) => {
        const series = new PointSeries({ maxPoints: 64, slotMs: 1_000, keep: 'lower' });
        values.forEach((bytes, i) => {
          series.add({ ms: i * 1_000, bytes });
        });
        assert.equal(Math.min(...series.since(0).map((point) => point.bytes)), Math.min(...values));
      }),
      { numRuns: 50 },
    );
  });
});
