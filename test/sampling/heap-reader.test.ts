import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { describe, it } from 'node:test';
import { systemClock } from '../../src/runtime/clock.js';
import type { GcEvent } from '../../src/sampling/gc-source.js';
import { createHeapReader, type HeapReaders, processReaders } from '../../src/sampling/heap-reader.js';
import { ManualClock } from '../support/manual-clock.js';

const FIGURES = { usedBytes: 40_000_000, beforeBytes: 47_000_000, oldBytes: 39_000_000 };
const MAJOR: GcEvent = { kind: 'major', startMs: 100, pauseMs: 5, figures: FIGURES };
const COUNTS = { requests: 42, outgoingRequests: 0, workersStarted: 0 };
const never = (): boolean => false;

/** The readers of this process, counting how often each is asked. */
function counted(): { readonly readers: HeapReaders; readonly calls: Record<string, number> } {
  const real = processReaders(() => COUNTS);
  const calls: Record<string, number> = {};
  const count =
    <T>(name: string, read: () => T) =>
    () => {
      calls[name] = (calls[name] ?? 0) + 1;
      return read();
    };
  const readers: HeapReaders = {
    heapStatistics: count('heapStatistics', () => real.heapStatistics()),
    heapSpaces: count('heapSpaces', () => real.heapSpaces()),
    memoryUsage: count('memoryUsage', () => real.memoryUsage()),
    activeResources: count('activeResources', () => real.activeResources()),
    descriptors: count('descriptors', () => real.descriptors()),
    memoryLimit: count('memoryLimit', () => real.memoryLimit()),
    sharedPart: count('sharedPart', () => real.sharedPart()),
    counts: real.counts,
  };
  return { readers, calls };
}

describe('the heap reader', () => {
  it('makes a sample for the end of a cycle from its exact figures', () => {
    const own = createHeapReader(
      processReaders(() => COUNTS),
      (startMs) => startMs === 100,
    );
    const [sample] = own.afterGc([MAJOR]);
    assert.ok(sample !== undefined);
    assert.deepEqual(sample.gc, { kind: 'major', pauseMs: 5, own: true, reclaimedBytes: 7_000_000 });
    assert.deepEqual(
      [sample.cause, sample.usedBytes, sample.oldBytes, sample.exact, sample.monotonicMs, sample.requests],
      ['gc', 40_000_000, 39_000_000, true, 105, 42],
    );
    assert.ok(Math.abs(sample.atMs - (performance.timeOrigin + 105)) < 60_000);
    assert.deepEqual([sample.handles, sample.descriptors], [null, null]);
  });

  it('reads the current heap if a cycle has no figures', () => {
    const [sample] = createHeapReader(processReaders(), never).afterGc([{ ...MAJOR, figures: null }]);
    assert.ok(sample !== undefined);
    assert.equal(sample.exact, false);
    assert.equal(sample.gc?.reclaimedBytes, null);
    assert.ok(sample.usedBytes > 1_000_000 && sample.oldBytes > 0 && sample.oldBytes <= sample.usedBytes);
  });

  it('fills in what a source does not report, and never reports a negative reclaim', () => {
    const reader = createHeapReader(processReaders(), never);
    const figures = { usedBytes: 1_000, beforeBytes: null, oldBytes: null };
    const [bare, grown] = reader.afterGc([
      { ...MAJOR, figures },
      { ...MAJOR, figures: { ...FIGURES, beforeBytes: 10 } },
    ]);
    assert.deepEqual([bare?.oldBytes, bare?.gc?.reclaimedBytes, grown?.gc?.reclaimedBytes], [1_000, null, 0]);
  });

  it('reads once for a whole batch, and nothing expensive at the end of a cycle', () => {
    const clock = { ...systemClock, monotonicMs: () => 5_000 };
    const { readers, calls } = counted();
    const reader = createHeapReader(readers, never, clock);
    reader.onTick();
    const before = { ...calls };
    assert.equal(reader.afterGc(Array.from({ length: 30 }, () => MAJOR)).length, 30);
    for (const cheap of ['heapStatistics', 'heapSpaces']) {
      assert.equal(calls[cheap], (before[cheap] ?? 0) + 1, cheap);
    }
    for (const dear of ['memoryUsage', 'sharedPart', 'activeResources', 'descriptors', 'memoryLimit'])
      assert.equal(calls[dear], before[dear], dear);
  });

  it('reads the resident set again when the last reading is more than a second old', () => {
    let nowMs = 5_000;
    const { readers, calls } = counted();
    const reader = createHeapReader(readers, never, { ...systemClock, monotonicMs: () => nowMs });
    for (const ms of [5_400, 6_000, 6_100, 6_900, 7_200]) {
      nowMs = ms;
      reader.afterGc([MAJOR]);
    }
    assert.equal(calls['memoryUsage'], 3);
  });

  it('lists open resources less often the more there are, and reports the latest list meanwhile', () => {
    const clock = new ManualClock();
    const { readers, calls } = counted();
    let open: readonly string[] = Array<string>(100_000).fill('Timeout');
    const activeResources = () => {
      readers.activeResources();
      return open;
    };
    const listed = { ...readers, activeResources };
    const reader = createHeapReader(listed, never, clock);
    const after = (ms: number) => {
      clock.advance(ms);
      return [reader.onTick().handles?.['Timeout'], calls['activeResources']];
    };
    assert.deepEqual(after(0), [100_000, 1]);
    open = ['Timeout'];
    assert.deepEqual(after(4_999), [100_000, 1]);
    assert.deepEqual(after(1), [1, 2]);
    assert.deepEqual(after(1), [1, 3]);
  });

  it('reports which share of the newest descriptors are files', {
    skip: process.platform !== 'linux',
  }, (t) => {
    const part = () => processReaders().descriptors()?.filesPart;
    const files = Array.from({ length: 31 }, () => openSync(process.execPath, 'r'));
    t.after(() => {
      for (const one of files) closeSync(one);
    });
    assert.ok(part()! > 0.9, String(part()));
  });

  it('reuses the limits of the latest tick', () => {
    let availableBytes = 500;
    const readers = { ...counted().readers, memoryLimit: () => ({ limitBytes: 1_000, availableBytes }) };
    const reader = createHeapReader(readers, never);
    availableBytes = 300;
    assert.equal(reader.afterGc([MAJOR])[0]?.memoryAvailableBytes, 500);
    assert.equal(reader.onTick().memoryAvailableBytes, 300);
    assert.equal(reader.afterGc([MAJOR])[0]?.memoryAvailableBytes, 300);
  });

  it('reports the state of this process on a tick', (t) => {
    const read = () => createHeapReader(processReaders(), never).onTick();
    const before = read();
    const descriptor = openSync(process.execPath, 'r');
    t.after(() => closeSync(descriptor));
    const timer = setTimeout(() => undefined, 1e6);
    t.after(() => clearTimeout(timer));
    const sample = read();
    assert.deepEqual([sample.cause, sample.gc, sample.exact], ['timer', null, false]);
    assert.equal((sample.handles?.['Timeout'] ?? 0) - (before.handles?.['Timeout'] ?? 0), 1);
    if (process.platform === 'linux') assert.equal((sample.descriptors ?? 0) - (before.descriptors ?? 0), 1);
    assert.ok(sample.rssBytes > sample.usedBytes && sample.limitBytes > sample.usedBytes);
    assert.ok(sample.committedBytes >= sample.usedBytes * 0.9 && sample.committedBytes < sample.rssBytes);
    assert.ok(sample.sharedBytes < sample.rssBytes);
    if (process.platform === 'linux') assert.ok(sample.sharedBytes > 1_000_000);
    assert.ok((sample.spaces['old_space'] ?? 0) > 0 && sample.nativeContexts >= 1);
    assert.ok(sample.externalBytes > 0 && sample.arrayBuffersBytes >= 0 && sample.mallocedBytes > 0);
  });
});
