import assert from 'node:assert/strict';
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { ownContexts, v8FullGc } from '../../src/sampling/full-gc.js';
import { createHeapReader, processReaders } from '../../src/sampling/heap-reader.js';
import { eventually } from '../support/eventually.js';

describe('A full GC', () => {
  it('frees what nothing holds before it returns', () => {
    const holder: { garbage: unknown } = { garbage: Array.from({ length: 200_000 }, (_, id) => ({ id })) };
    v8FullGc.run();
    const before = v8FullGc.size();
    holder.garbage = null;
    assert.equal(v8FullGc.run(), true);
    const after = v8FullGc.size();
    assert.ok(before.usedBytes - after.usedBytes > 1_000_000, `${before.usedBytes} to ${after.usedBytes}`);
    assert.ok((before.spaces.old_space ?? 0) > (after.spaces.old_space ?? 0));
  });

  it('is reported as a full GC by Node, one each', async () => {
    const pauses: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind } = (entry as PerformanceEntry & { readonly detail: { readonly kind: number } }).detail;
        if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) pauses.push(entry.duration);
      }
    });
    observer.observe({ entryTypes: ['gc'] });
    v8FullGc.run();
    await eventually('its report', () => pauses.length > 0);
    observer.disconnect();
    assert.equal(pauses.length, 1);
  });

  it('leaves the count of contexts as it was, however many are run', () => {
    const reader = createHeapReader(processReaders(), () => false);
    const contexts = () => reader.onTick().nativeContexts;
    v8FullGc.run();
    const [counted, real] = [contexts(), getHeapStatistics().number_of_native_contexts];
    assert.equal(real - counted, ownContexts());
    for (let i = 0; i < 5; i++) v8FullGc.run();
    assert.equal(contexts(), counted);
    assert.equal(getHeapStatistics().number_of_native_contexts, real);
  });

  it('does not give the program a gc() of its own', () => {
    v8FullGc.run();
    assert.equal((globalThis as { gc?: unknown }).gc, undefined);
  });
});
