import {
  constants,
  type NodeGCPerformanceDetail,
  type PerformanceEntry,
  PerformanceObserver,
} from 'node:perf_hooks';
import type { GcEvent, GcKind, GcSource } from './gc-source.js';

/** Any other kind counts as `minor`, the weakest claim: minor mark-sweep has a constant only from Node 24 on. */
const KIND_OF_ENTRY: ReadonlyMap<number, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

/** Node's type declarations lack `detail`; entries of type `gc` have it. */
type GcEntry = PerformanceEntry & { readonly detail: NodeGCPerformanceDetail };

/**
 * GC cycles as Node reports them: entries of `perf_hooks`, without heap figures. `v8.GCProfiler` has figures, but a
 * stopped one keeps recording each cycle until it is itself collected: once promoted, it takes 8 KB and more per cycle
 * until the next full GC (measured: 700 MB in 40 s, in a service with several cycles per turn of the event loop).
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
