import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { createBuiltInSource } from '../../../src/sampling/built-in-source.js';
import type { GcEvent } from '../../../src/sampling/gc-source.js';
import { collect, collectYoung, objects, until } from './collect.js';

/** Cycles of every kind, several in a turn of the loop, seen by the source and by a plain observer beside it. */
const events: GcEvent[] = [];
const batches: number[] = [];
const seen: PerformanceEntry[] = [];
const source = createBuiltInSource('test');
source.start((batch) => {
  events.push(...batch);
  batches.push(batch.length);
});
const observer = new PerformanceObserver((list) => seen.push(...list.getEntries()));
observer.observe({ entryTypes: ['gc'] });

const kept: object[][] = [];
for (let round = 0; round < 40; round++) {
  kept.push(objects(20_000));
  if (round % 20 === 19) kept.length = 0;
  if (round % 4 === 0) {
    collectYoung();
    collect();
    collectYoung();
  }
  await new Promise((resolve) => setImmediate(resolve));
}
const last = performance.now();
collect();
await until(
  () => events.some((event) => event.startMs >= last) && seen.some((entry) => entry.startTime >= last),
);
source.stop();
observer.disconnect();

const kindOf = (entry: PerformanceEntry): unknown => (entry as { detail?: { kind?: number } }).detail?.kind;
const isMajor = (entry: PerformanceEntry): boolean => kindOf(entry) === constants.NODE_PERFORMANCE_GC_MAJOR;
console.log(
  JSON.stringify({
    events,
    batches,
    starts: seen.map((entry) => entry.startTime),
    majors: seen.filter(isMajor).length,
  }),
);
