import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import type { GcEvent, GcKind, GcSource } from './gc-source.js';

/** Any other is `minor`, the kind that claims least: minor mark-sweep has a constant from Node 24 on only. */
const KIND_OF_ENTRY: ReadonlyMap<number, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** The type of Node's declarations knows no `detail`; entries of type `gc` have one. */
type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/**
 * What Node itself tells of GC cycles: entries of `perf_hooks`, without figures. `v8.GCProfiler` has them, but one that was
 * stopped goes on recording each cycle until it is collected itself: once promoted, that takes 8 KB a cycle and more for as
 * long as V8 does not collect fully (measured: 700 MB in 40 s of a service with several cycles a turn).
 */
export function createBuiltInSource(reason: string): GcSource {
  let observer: PerformanceObserver | null = null;
  return {
    name: 'built-in',
    reason,
    start(onEvents) {
      if (observer !== null) return;
      observer = new PerformanceObserver((list) => {
        onEvents(list.getEntries().map(eventOf));
      });
      observer.observe({ entryTypes: ['gc'] });
    },
    stop() {
      observer?.disconnect();
      observer = null;
    },
  };
}

function eventOf(entry: PerformanceEntry): GcEvent {
  const { kind = 0 } = (entry as GcEntry).detail;
  return {
    kind: KIND_OF_ENTRY.get(kind) ?? 'minor',
    startMs: entry.startTime,
    pauseMs: entry.duration,
    figures: null,
  };
}
